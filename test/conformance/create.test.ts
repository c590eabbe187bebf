/** Statements 7 to 24: machine create. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect } from 'vitest';
import { writeTinyPack } from '../pack/rootfs.ts';
import { PACK_ARCH, type PackOptions } from '../pack/writer.ts';
import { expectOk, expectRefusal, openSmolvm } from './smolvm.ts';
import { statement } from './statement.ts';

const smolvm = openSmolvm();
afterAll(smolvm.close);

const create = (name: string, ...options: string[]) =>
  smolvm.machine('create', '--name', name, ...options);

/** A pack that is never booted. */
async function writePackFile(
  name: string,
  options: Omit<PackOptions, 'layers'> = {},
): Promise<string> {
  const path = join(smolvm.root, `${name}.smolmachine`);
  await writeTinyPack(path, options);
  return path;
}

async function expectNoMachine(name: string): Promise<void> {
  expect(await smolvm.find(name)).toBeUndefined();
}

statement(7, 'a machine is created with the defaults', [], async () => {
  const { stdout } = await expectOk(create('a7'));
  expect(stdout.split('\n')[0]).toBe('Created machine: a7');
  expect(await smolvm.find('a7')).toMatchObject({
    ...{ state: 'created', pid: null, cpus: 4, memory_mib: 8192, network: false, image: null },
  });
});

statement(8, 'a second of the same name is refused, the first unchanged', [], async () => {
  await expectOk(create('a8', '--cpus', '2'));
  const before = await smolvm.find('a8');
  await expectRefusal(create('a8'), "machine 'a8' already exists or is being created");
  expect(await smolvm.find('a8')).toEqual(before);
});

statement(9, 'names have rules', [], async () => {
  for (const name of ['a-', 'a--b', 'a/b', 'a b', 'a'.repeat(129), '']) {
    expect((await create(name)).exitCode, name).toBe(1);
  }
  expect((await smolvm.machine('create', '--name=-a')).exitCode).toBe(1);
  const long = 'a'.repeat(128);
  await expectOk(create('a_b-1'));
  await expectOk(create(long));
  const names = (await smolvm.list()).map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(['a_b-1', long]));
  expect(names).not.toContain('a-');
});

statement(10, 'a registry image needs a network', [], async () => {
  await expectRefusal(create('a10', '--image', 'alpine'), 'must be pulled from a registry');
  await expectOk(create('a10-net', '--image', 'alpine', '--net'));
  await expectOk(create('a10-port', '--image', 'alpine', '-p', '8080:80'));
  await expectOk(create('a10-cidr', '--image', 'alpine', '--allow-cidr', '1.1.1.1/32'));
});

statement(11, 'a local archive needs none', [], async () => {
  writeFileSync(join(smolvm.root, 'x.tar'), '');
  await expectOk(create('a11', '--image', './x.tar'));
});

statement(12, 'a Dockerfile is no image', [], async () => {
  writeFileSync(join(smolvm.root, 'Dockerfile'), 'FROM scratch\n');
  await expectRefusal(create('a12', '--image', './Dockerfile'), 'looks like a Dockerfile');
});

statement(13, 'volumes are checked', [], async () => {
  const folder = join(smolvm.root, 'v');
  const file = join(smolvm.root, 'file');
  mkdirSync(folder);
  writeFileSync(file, '');
  await expectRefusal(create('a13', '-v', '/nonexistent:/x'), 'mount source not found');
  await expectRefusal(create('a13', '-v', '/etc:/x'), 'protected system path');
  await expectRefusal(create('a13', '-v', `${file}:/x`), '');
  await expectRefusal(
    create('a13', '-v', `${folder}:/x`, '-v', `${folder}:/x`),
    'duplicate mount target',
  );
  await expectRefusal(create('a13', '-v', `${folder}:x`), '');
});

statement(14, '--allow-host must resolve and takes no port', [], async () => {
  await expectRefusal(create('a14', '--allow-host', 'no.such.invalid'), '--allow-host');
  await expectRefusal(create('a14', '--allow-host', 'h:443'), '');
});

statement(15, 'network backends have their conditions', [], async () => {
  await expectRefusal(
    create('a15', '--net-backend', 'tsi', '--allow-cidr', '1.1.1.1/32'),
    'requires the virtio-net backend',
  );
  await expectRefusal(create('a15', '--net-backend', 'virtio-net'), 'requires --net');
});

statement(16, 'what follows -- is the workload, with a note (>= 1.9.2)', [], async () => {
  const { stderr } = await expectOk(create('a16', '--', 'sh', '-c', 'x', '--mem', '512'));
  expect(stderr).toContain('--mem');
  expect(await smolvm.find('a16')).toMatchObject({ memory_mib: 8192 });
});

statement(17, 'labels are listed', [], async () => {
  await expectOk(create('a17', '--label', 'k=v'));
  expect((await smolvm.find('a17'))?.labels).toEqual({ k: 'v' });
});

statement(18, 'an environment entry that is neither pair nor variable is dropped', [], async () => {
  await expectOk(create('a18', '-e', 'NOEQUALS_UNSET'));
});

statement(19, 'a bad --from leaves nothing', [], async () => {
  const garbage = join(smolvm.root, 'garbage.smolmachine');
  writeFileSync(garbage, Buffer.alloc(4096, 'x'));
  const foreign = await writePackFile('foreign', {
    manifest: { platform: `linux/${PACK_ARCH === 'amd64' ? 'arm64' : 'amd64'}` },
  });
  const dataDirectory = async () =>
    (await smolvm.machine('data-dir', '--name', 'a19')).stdout.trim();
  for (const [path, words] of [
    ['missing.smolmachine', 'file not found:'],
    [garbage, 'invalid magic'],
    [foreign, 'platform mismatch'],
  ] as const) {
    await expectRefusal(create('a19', '--from', path), words);
    await expectNoMachine('a19');
    expect(existsSync(await dataDirectory())).toBe(false);
  }
});

statement(20, "a manifest's sizes give way to any value but the defaults", [], async () => {
  const path = await writePackFile('two-cpus', { manifest: { cpus: 2, mem: 700 } });
  await expectOk(create('a20-4', '--from', path, '--cpus', '4', '--mem', '8192'));
  expect(await smolvm.find('a20-4')).toMatchObject({ cpus: 2, memory_mib: 700 });
  await expectOk(create('a20-3', '--from', path, '--cpus', '3'));
  expect(await smolvm.find('a20-3')).toMatchObject({ cpus: 3 });
});

statement(21, '--from ignores --workdir and secrets without a word', ['pack'], async () => {
  const path = await smolvm.image({ workdir: '/tmp' });
  await smolvm.boot('a21', '--from', path, '-w', '/x', '--secret-env', 'A=BOTTLE_UNSET');
  const { stdout } = await expectOk(smolvm.exec('a21', '--', 'sh', '-c', 'pwd; echo "[$A]"'));
  expect(stdout).not.toContain('/x\n');
  expect(stdout).toContain('[]');
});

statement(22, '--from and --image exclude each other', [], async () => {
  const path = await writePackFile('conflict');
  expect((await create('a22', '--from', path, '--image', 'x')).exitCode).toBe(2);
});

statement(23, 'the pack is not needed after create', ['pack'], async () => {
  const source = await smolvm.image();
  const path = join(smolvm.root, 'gone.smolmachine');
  writeFileSync(path, readFileSync(source));
  await expectOk(create('a23', '--from', path, '--mem', '512'));
  rmSync(path);
  await expectOk(smolvm.machine('start', '--name', 'a23'));
});

statement(24, 'create --from does not verify the CRC, pack run does', ['linux'], async () => {
  const path = await writePackFile('corrupt');
  const bytes = readFileSync(path);
  bytes.writeUInt8((bytes.readUInt8(40) ^ 0xff) & 0xff, 40);
  writeFileSync(path, bytes);
  expect((await create('a24', '--from', path)).stderr).not.toContain('checksum mismatch for');
  const { exitCode, stderr } = await smolvm.run(['pack', 'run', '--sidecar', path, '--info']);
  expect(stderr).toContain('checksum mismatch for');
  expect(exitCode).toBe(1);
});
