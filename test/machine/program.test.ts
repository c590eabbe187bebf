/** The agent's program in a guest: there, runnable, and of no use for changing the runner's copy. */
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Machine } from '../../src/machine/machine.ts';
import { openDouble, whyNoDouble } from '../smolvm-double/double.ts';
import { bootBottle, whyNoBottle } from './bottle.ts';
import { engineHost } from './engine-host.ts';
import { gather } from './gather.ts';
import { makeRootfs } from './rootfs.ts';

const GUEST = '/opt/bottle/agent';
const SCRIPT = '#!/bin/sh\necho "runs: $1"\n';
const noBottle = await whyNoBottle();
const noDouble = whyNoDouble();

let folder: string;
let host: string;
let machine: Machine | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'program-test-'));
  host = join(folder, 'program');
  mkdirSync(join(host, 'bin'), { recursive: true });
  writeFileSync(join(host, 'bin/agent'), SCRIPT);
  chmodSync(join(host, 'bin/agent'), 0o755);
  symlinkSync('bin/agent', join(host, 'agent'));
  // The runner's own place is nobody else's to enter.
  chmodSync(folder, 0o700);
});
afterEach(async () => {
  await machine?.destroy();
  machine = undefined;
  rmSync(folder, { recursive: true, force: true });
});

async function shell(script: string, user: 'agent' | 'root' = 'agent'): Promise<string> {
  const { text, stderr } = await gather(machine as Machine, ['sh', '-c', script], { user });
  return text + stderr.toString();
}

const ATTACKS = [
  `echo evil >>${GUEST}/bin/agent`,
  `rm -f ${GUEST}/bin/agent`,
  `chmod 777 ${GUEST}/bin/agent`,
  `mv ${GUEST}/bin ${GUEST}/away`,
  `echo evil >${GUEST}/new`,
  `mount -o remount,rw ${GUEST}`,
  `mount --bind /tmp ${GUEST}`,
  `umount ${GUEST}`,
  `unshare -Ur mount -o remount,rw,bind ${GUEST}`,
];

async function expectKept(): Promise<void> {
  expect(await shell(`${GUEST}/agent one; ${GUEST}/bin/agent two`)).toBe('runs: one\nruns: two\n');
  for (const attack of ATTACKS) await shell(`${attack} 2>/dev/null`);
  expect(await shell(`${GUEST}/agent three; ls ${GUEST}`)).toBe('runs: three\nagent\nbin\n');
  expect(readFileSync(join(host, 'bin/agent'), 'utf8')).toBe(SCRIPT);
}

test("bubblewrap, on the runner's files: the runner's kernel keeps it", async (context) => {
  if (noBottle !== '') return context.skip(noBottle);
  machine = await bootBottle({ spec: { program: { host, guest: GUEST } } });
  await expectKept();
});

test('bubblewrap, on an image that has something there', async (context) => {
  if (noBottle !== '') return context.skip(noBottle);
  const rootfs = join(folder, 'rootfs');
  const programs = ['sh', 'ls', 'rm', 'chmod', 'mv', 'mount', 'umount'];
  const files = { 'opt/tool': 'tool\n', 'opt/bottle/agent/theirs': 'theirs\n' };
  await makeRootfs(engineHost(), rootfs, programs, files);
  chmodSync(rootfs, 0o755);
  const image = { kind: 'smolmachine', path: join(folder, 'x.smolmachine'), rootfs } as const;
  machine = await bootBottle({ spec: { image, program: { host, guest: GUEST } } });
  await expectKept();
  expect(await shell('ls /opt')).toBe('bottle\ntool\n');
});

test("smolvm: the guest has a copy that is root's, and its root has no other", async (context) => {
  if (noDouble !== '') return context.skip(noDouble);
  const scene = await openDouble({ spec: { program: { host, guest: GUEST } } });
  const booted = await scene.boot();
  machine = { ...booted, destroy: () => booted.destroy().finally(scene.close) };
  await expectKept();
  await shell(`echo evil >>${GUEST}/bin/agent`, 'root');
  expect(readFileSync(join(host, 'bin/agent'), 'utf8')).toBe(SCRIPT);
});
