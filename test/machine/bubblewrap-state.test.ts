/** How a bubblewrap bottle begins, fails to begin, and is removed whatever became of it. */
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Host } from '../../src/host/host.ts';
import { spawnProcess } from '../../src/host/process.ts';
import { bubblewrapEngine, tryBottle } from '../../src/machine/bubblewrap/bubblewrap.ts';
import { guestPids } from '../../src/machine/bubblewrap/guest.ts';
import type { MachineHandle } from '../../src/machine/machine.ts';
import { bottleSpec, whyNoBottle } from './bottle.ts';
import { engineHost } from './engine-host.ts';
import { gather } from './gather.ts';
import { settled } from './settled.ts';

const obstacle = await whyNoBottle();
const bottle = (title: string, body: () => Promise<void>) =>
  test(title, (context) => (obstacle === '' ? body() : context.skip(obstacle)));

let directory: string;
let handle: MachineHandle;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'bottle-state-'));
  handle = { engine: 'bubblewrap', name: 'bottle-test', stateDir: join(directory, 'state') };
  writeFileSync(bottleSpec(directory).socket.host, '');
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const engine = (host: Partial<Host> = {}) => bubblewrapEngine(engineHost(host));

describe('removal', () => {
  bottle('is by name, and true when there was something', async () => {
    await engine().create(bottleSpec(directory));
    expect(statSync(handle.stateDir).mode & 0o777).toBe(0o700);
    expect(await engine().destroy(handle)).toBe(true);
    expect(existsSync(handle.stateDir)).toBe(false);
    expect(await engine().destroy(handle)).toBe(false);
  });

  bottle('takes whatever a guest leaves', async () => {
    const machine = await engine().create(bottleSpec(directory));
    const nasty = `
      mkdir -p ~/a/b/c /tmp/d && touch ~/a/b/c/f "$(printf 'new\\nline')" -- -rf
      printf x >"$(printf '\\377')"; ln -s / ~/root; ln -s .. ~/a/up; mkfifo ~/pipe
      chmod 000 ~/a/b/c ~/a/b ~/a /tmp/d; chmod 500 /tmp ~
      perl -e 'for (1..1500) { mkdir "ddddddddd"; chmod 0700, "ddddddddd"; chdir "ddddddddd" }'
    `;
    expect((await gather(machine, ['sh', '-c', `cd ~; ${nasty}`])).exitCode).toBe(0);
    expect(await engine().destroy(handle)).toBe(true);
    expect(existsSync(handle.stateDir)).toBe(false);
    expect(existsSync(directory)).toBe(true);
  });

  bottle('ends what still runs', async () => {
    const machine = await engine().create(bottleSpec(directory));
    const ready = Promise.withResolvers<void>();
    const running = machine.exec(['sh', '-c', 'setsid sleep 1000 & echo ready; wait'], {
      onStdout: () => ready.resolve(),
    });
    await ready.promise;
    const pids = guestPids(join(handle.stateDir, 'bottle'));
    expect(pids.length).toBeGreaterThanOrEqual(3);
    expect(await engine().destroy(handle)).toBe(true);
    expect((await running).exitCode).toBe(137);
    for (const pid of pids) expect(isRunning(pid)).toBe(false);
  });

  bottle('is not needed for the processes of a command that has ended', async () => {
    const machine = await engine().create(bottleSpec(directory));
    const family = 'for i in $(seq 100); do setsid sleep 1000 >/dev/null 2>&1 & done; exit 0';
    for (let round = 0; round < 5; round += 1) {
      await machine.exec(['sh', '-c', family]);
      expect(guestPids(join(handle.stateDir, 'bottle'))).toEqual([]);
    }
    await machine.destroy();
  });

  bottle('finds nobody left when we were killed', async () => {
    const script = join(import.meta.dirname, 'bottle-until-killed.ts');
    const started = Promise.withResolvers<string>();
    const child = await spawnProcess([process.execPath, script, directory], {
      env: {},
      graceMs: 0,
      onStdout: (chunk) => started.resolve(Buffer.from(chunk).toString()),
    });
    expect(await started.promise).toBe('ready\n');
    const pids = guestPids(join(handle.stateDir, 'bottle'));
    expect(pids.length).toBeGreaterThan(0);
    process.kill(child.pid, 'SIGKILL');
    await child.exit;
    await expect.poll(() => pids.filter(isRunning)).toEqual([]);
    expect(await engine().destroy(handle)).toBe(true);
    expect(existsSync(handle.stateDir)).toBe(false);
  });
});

describe('a beginning that fails leaves nothing', () => {
  const failure = (host: Partial<Host>, spec = bottleSpec(directory)) =>
    engine(host)
      .create(spec)
      .then(
        () => expect.unreachable(),
        (error) => error,
      );

  /** A bwrap that knows its version and nothing else. */
  function brokenBwrap(says: string): Partial<Host> {
    const program = join(directory, 'bwrap');
    const script = `#!/bin/sh
      [ "$1" = --version ] && echo bubblewrap 0.8.0 && exit
      echo "${says}" >&2
      exit 1
    `;
    writeFileSync(program, script, { mode: 0o755 });
    // As an ordinary user: the directory of a test is closed to whom root would start it as.
    const which = engineHost().which;
    return { uid: 1000, which: (name) => (name === 'bwrap' ? program : which(name)) };
  }

  test('no bubblewrap', async () => {
    const error = await failure({ which: () => undefined });
    expect(error).toMatchObject({ outcome: 'boot-failed' });
    expect(error.fix).toContain('sudo apt-get install bubblewrap');
    expect(existsSync(handle.stateDir)).toBe(false);
  });

  test.each([
    ['setting up uid map: Permission denied', 'kernel.apparmor_restrict_unprivileged_userns=0'],
    [
      'Creating new namespace failed: /proc/sys/user/max_*_namespaces exceeded (ENOSPC)',
      'sysctl -w user.max_user_namespaces',
    ],
    ["Can't mount proc on /newroot/proc: Operation not permitted", '--privileged'],
    ['something new', 'doctor'],
  ])('bwrap says: %s', async (says, fix) => {
    const error = await failure(brokenBwrap(`bwrap: ${says}`));
    expect(error).toMatchObject({ outcome: 'boot-failed' });
    expect(error.what).toContain(says);
    expect(error.fix).toContain(fix);
    expect(existsSync(handle.stateDir)).toBe(false);
  });

  test('a bottle made to see fails alike, and leaves nothing', async () => {
    const host = engineHost({
      ...brokenBwrap('bwrap: setting up uid map'),
      env: { PATH: process.env.PATH, RUNNER_TEMP: directory },
    });
    const before = readdirSync(directory);
    await expect(tryBottle(host)).rejects.toMatchObject({ outcome: 'boot-failed' });
    expect(readdirSync(directory)).toEqual(before);
  });

  bottle('a state directory that is in use stays as it is', async () => {
    const machine = await engine().create(bottleSpec(directory));
    const error = await failure({});
    expect(error.message).toContain('in use');
    expect((await gather(machine, ['true'])).exitCode).toBe(0);
    await machine.destroy();
  });

  bottle('a state directory that cannot be made', async () => {
    const spec = bottleSpec(directory, { stateDir: join(directory, 'gateway.sock', 'state') });
    const error = await failure({}, spec);
    expect(error).toMatchObject({ outcome: 'boot-failed', where: spec.stateDir });
  });

  bottle('an abort while it begins', async () => {
    const abort = new AbortController();
    const creating = engine().create(bottleSpec(directory), abort.signal);
    abort.abort(new Error('cancelled'));
    await expect(creating).rejects.toThrow('cancelled');
    expect(existsSync(handle.stateDir)).toBe(false);
  });
});

bottle('what was written before an end by force arrives, however slow the reader', async () => {
  const machine = await engine().create(bottleSpec(directory));
  const counter = join(handle.stateDir, 'bottle', 'tmp', 'count');
  const abort = new AbortController();
  const blocks = () => (existsSync(counter) ? statSync(counter).size : 0);
  let written = 0;
  let received = 0;
  const block = 'head -c 10000 /dev/zero && printf x >>/tmp/count';
  await machine.exec(['sh', '-c', `while :; do ${block}; done`], {
    signal: abort.signal,
    onStdout: async (chunk) => {
      if (written === 0) {
        written = (await settled(blocks)) * 10_000;
        abort.abort();
      }
      received += chunk.length;
    },
  });
  expect(written).toBeGreaterThan(0);
  expect(received).toBeGreaterThanOrEqual(written);
  await machine.destroy();
});

bottle('without its gateway a bottle runs nothing', async () => {
  const machine = await engine().create(bottleSpec(directory));
  rmSync(bottleSpec(directory).socket.host);
  await expect(machine.exec(['true'])).rejects.toMatchObject({
    outcome: 'gateway-failed',
    where: bottleSpec(directory).socket.host,
  });
  await machine.destroy();
});

test('an ordinary user boots bottles too', async (context) => {
  if (obstacle !== '') return context.skip(obstacle);
  if (process.getuid?.() !== 0) return context.skip('needs root: the other tests cover this user');
  const open = mkdtempSync('/var/tmp/bottle-user-');
  chmodSync(open, 0o777);
  const said: Uint8Array[] = [];
  const child = await spawnProcess(
    [process.execPath, join(import.meta.dirname, 'bottle-of-user.ts'), open],
    {
      ...{ env: {}, cwd: '/', uid: 65_532, gid: 65_532 },
      onStdout: (chunk) => void said.push(chunk),
      onStderr: (chunk) => void said.push(chunk),
    },
  );
  await child.exit;
  rmSync(open, { recursive: true, force: true });
  const text = Buffer.concat(said).toString();
  expect(text).toBe('1000 node hello\nremoved true\n');
});

function isRunning(pid: number): boolean {
  return existsSync(`/proc/${pid}/root/`);
}
