/** Statements 64 to 68: packs, and the most mounts that a machine takes. */
import { mkdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import zlib from 'node:zlib';
import { afterAll, expect } from 'vitest';
import { expectOk, expectRefusal, openSmolvm } from './smolvm.ts';
import { statement } from './statement.ts';

const smolvm = openSmolvm();
afterAll(smolvm.close);

const pack = (...words: string[]) => smolvm.run(['pack', ...words]);

/** A root file system in a directory, which the double takes for an image. */
function imageTree(): string {
  const tree = join(smolvm.root, 'tree');
  mkdirSync(join(tree, 'usr'), { recursive: true });
  return tree;
}

statement(64, 'pack create writes a stub and a sidecar with a true CRC', ['double'], async () => {
  await expectOk(pack('create', '-I', imageTree(), '-o', 'out'));
  expect(statSync(join(smolvm.root, 'out')).mode & 0o111).not.toBe(0);
  const whole = readFileSync(join(smolvm.root, 'out.smolmachine'));
  const footer = whole.subarray(-64);
  expect(footer.toString('latin1', 0, 8)).toBe('SMOLPACK');
  expect(zlib.crc32(whole.subarray(0, -64))).toBe(footer.readUInt32LE(52));
});

statement(65, '-o names the stub', [], async () => {
  const made = pack('create', '-I', 'alpine', '-o', 'out.smolmachine');
  await expectRefusal(made, 'names the executable stub');
});

statement(66, 'a running machine is not packed', ['machine'], async () => {
  await smolvm.boot('a66');
  await expectRefusal(pack('create', '--from-vm', 'a66', '-o', 'vm'), '');
});

statement(67, 'pack run takes its file by --sidecar alone', ['pack'], async () => {
  const path = await smolvm.image();
  expect((await pack('run', path)).exitCode).not.toBe(0);
  await expectOk(pack('run', '--sidecar', path, '--info'));
  const { exitCode, stdout } = await pack('run', '--sidecar', path, '--', 'echo', 'ran');
  expect({ exitCode, stdout }).toMatchObject({ exitCode: 0 });
  expect(stdout).toContain('ran\n');
});

statement(68, 'four mounts boot, five do not', ['machine'], async () => {
  const folders = ['1', '2', '3', '4', '5'].map((name) => join(smolvm.root, 'mount', name));
  for (const folder of folders) mkdirSync(folder, { recursive: true });
  const mounts = folders.flatMap((folder, index) => ['-v', `${folder}:/mnt${index}`]);
  await smolvm.boot('a68-4', ...mounts.slice(0, 8));
  const create = ['machine', 'create', '--name', 'a68-5', '--mem', '512', ...mounts];
  await expectOk(smolvm.run(create));
  expect((await smolvm.machine('start', '--name', 'a68-5')).exitCode).toBe(1);
});
