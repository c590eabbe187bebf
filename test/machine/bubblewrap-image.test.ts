/** A bubblewrap bottle on the unpacked tree of an image, also one that means harm. */
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { imageRootfs } from '../../src/machine/bubblewrap/rootfs.ts';
import type { Machine } from '../../src/machine/machine.ts';
import { bootBottle, whyNoBottle } from './bottle.ts';
import { engineHost } from './engine-host.ts';
import { gather } from './gather.ts';
import { makeRootfs } from './rootfs.ts';

const obstacle = await whyNoBottle();
const PROGRAMS = ['sh', 'cat', 'ls', 'id', 'touch', 'readlink'];

let store: string;
let root: string;
let machine: Machine | undefined;
beforeEach(() => {
  store = mkdtempSync(join(tmpdir(), 'image-test-'));
  root = join(store, 'rootfs');
});
afterEach(async () => {
  await machine?.destroy();
  machine = undefined;
  rmSync(store, { recursive: true, force: true });
});

const bottle = (title: string, body: () => Promise<void>) =>
  test(title, (context) => (obstacle === '' ? body() : context.skip(obstacle)));

const unpacked = () =>
  ({ kind: 'smolmachine', path: join(store, 'x.smolmachine'), rootfs: root }) as const;

async function boot(): Promise<(script: string) => Promise<string>> {
  const booted = await bootBottle({ spec: { image: unpacked() } });
  machine = booted;
  return async (script) => {
    const { text, stderr } = await gather(booted, ['sh', '-c', script]);
    return text + stderr.toString();
  };
}

/** Each path with its size and times. */
function listing(): string[] {
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .sort()
    .map((path) => {
      const found = statSync(join(root, path), { throwIfNoEntry: false });
      return `${path} ${found?.size} ${found?.mode} ${found?.mtimeMs} ${found?.ctimeMs}`;
    });
}

bottle('runs what the image has, and writes nothing into it', async () => {
  await makeRootfs(engineHost(), root, PROGRAMS, {
    'etc/passwd':
      'root:x:0:0:root:/root:/bin/sh\nubuntu:x:1000:5::/:/bin/sh\nalice:x:1001:1001::/:/bin/sh\n',
    'etc/group': 'root:x:0:\nnode:x:77:\nstaff:x:50:alice\n',
    'etc/motd': 'from the image\n',
    'home/node/.profile': 'profile\n',
    'home/alice/notes': 'notes\n',
    'opt/tool': 'tool\n',
    'tmp/old': 'old\n',
  });
  symlinkSync('../run/resolv.conf', join(root, 'etc/resolv.conf'));
  const before = listing();
  const shell = await boot();
  expect(await shell('id -un; cat /etc/motd /opt/tool ~/.profile /home/alice/notes')).toBe(
    'node\nfrom the image\ntool\nprofile\nnotes\n',
  );
  expect(await shell('cat /etc/passwd /etc/group')).toBe(
    'node:x:1000:1000:node:/home/node:/bin/sh\n' +
      'root:x:0:0:root:/root:/bin/sh\nalice:x:1001:1001::/:/bin/sh\n' +
      'node:x:1000:\nroot:x:0:\nstaff:x:50:alice\n',
  );
  expect(await shell('cat /etc/hosts; readlink /etc/resolv.conf; readlink /bin; ls /tmp')).toBe(
    '127.0.0.1 localhost bottle-test\n::1 localhost\nusr/bin\n',
  );
  const refused = await shell('touch /x /opt/x /etc/x /opt/tool /home/alice/x; echo x >>/etc/motd');
  expect(refused.match(/Read-only file system|Permission denied/g)).toHaveLength(6);
  expect(await shell('echo more >>~/.profile && cat ~/.profile; ls /run /sys')).toContain(
    'profile\nmore\n',
  );
  expect(listing()).toEqual(before);
});

bottle('an image with nothing but programs gets what is missing', async () => {
  await makeRootfs(engineHost(), root, PROGRAMS);
  const shell = await boot();
  expect(await shell('id -un; echo ~; ls -d ~ /tmp /var/tmp /run/bottle/gateway.sock')).toBe(
    'node\n/home/node\n/home/node\n/run/bottle/gateway.sock\n/tmp\n/var/tmp\n',
  );
});

bottle('links on the way to a mount point lead nowhere', async () => {
  const outside = join(store, 'outside');
  mkdirSync(join(outside, 'node'), { recursive: true });
  writeFileSync(join(outside, 'passwd'), 'runner:x:5:5::/:/bin/sh\n');
  writeFileSync(join(outside, 'node/secret'), 'secret\n');
  await makeRootfs(engineHost(), root, PROGRAMS);
  // bwrap's own intermediate root has the runner's tree at /oldroot.
  symlinkSync(outside, join(root, 'etc'));
  symlinkSync(`/oldroot${outside}`, join(root, 'home'));
  symlinkSync(`../../../../../../oldroot${outside}`, join(root, 'var'));
  const shell = await boot();
  expect(await shell('cat /etc/passwd; ls -A ~ /var; echo x >~/x; ls ~')).not.toMatch(
    /secret|runner/,
  );
  expect(readdirSync(outside).sort()).toEqual(['node', 'passwd']);
  expect(readdirSync(join(outside, 'node'))).toEqual(['secret']);
});

test('an image that is not unpacked is refused', async () => {
  const image = { kind: 'smolmachine', path: '/x.smolmachine' } as const;
  const failure = await bootBottle({ spec: { image } }).catch((error) => error);
  expect(failure).toMatchObject({ outcome: 'boot-failed' });
  expect(failure.message).toMatch(/not unpacked.*x\.smolmachine|no bubblewrap/);
});

bottle('an image that its bottle could not enter is refused', async () => {
  mkdirSync(root, { mode: 0o700 });
  // Only root starts bottles as somebody else; an ordinary user's bottle is the owner.
  const boots = bootBottle({ host: engineHost({ uid: 0 }), spec: { image: unpacked() } });
  await expect(boots).rejects.toThrow('closed to other users');
});

test('the way to a mount point is rebuilt, the rest is bound as it is', () => {
  mkdirSync(join(root, 'a/b/c'), { recursive: true });
  writeFileSync(join(root, 'a/file'), '');
  writeFileSync(join(root, 'a/b/file'), '');
  mkdirSync(join(root, 'other'));
  symlinkSync('a/b', join(root, 'link'));
  const options = imageRootfs(root, '/seen', ['/a/b/c', '/link/x', '/missing']);
  const steps = options.join(' ').split(/ (?=--)/);
  expect(steps.sort()).toEqual([
    '--dir /a',
    '--dir /a/b',
    '--ro-bind-try /seen/a/b/file /a/b/file',
    '--ro-bind-try /seen/a/file /a/file',
    '--ro-bind-try /seen/other /other',
  ]);
});
