/** What the smolvm engine does when smolvm, or the runner, does not do what it should. */
import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { writeTinyPack } from '../pack/rootfs.ts';
import {
  type DoubleScene,
  type DoubleSetup,
  openDouble,
  whyNoDouble,
} from '../smolvm-double/double.ts';
import { engineHost } from './engine-host.ts';
import { gather } from './gather.ts';

const obstacle = whyNoDouble();
const scenes: DoubleScene[] = [];

async function open(setup: DoubleSetup = {}): Promise<DoubleScene> {
  const scene = await openDouble(setup);
  scenes.push(scene);
  return scene;
}

const faulty = (fail: string, more: Readonly<Record<string, string>> = {}) =>
  open({ faults: { SMOLVM_DOUBLE_FAIL: fail, ...more } });

afterEach(async () => {
  for (const scene of scenes.splice(0)) {
    await scene.engine.destroy({ engine: 'smolvm', ...scene.spec });
    scene.close();
  }
});

/** All that is readable about processes and below `directory`. */
function traces(directory: string): string {
  const files = globSync([
    '/proc/[0-9]*/cmdline',
    join(directory, 'state/**/*'),
    join(directory, 'state/.*/**/*'),
  ]);
  return files
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile())
    .filter((path) => !/\.(raw|qcow2)$/.test(path))
    .map((path) => {
      try {
        return readFileSync(path, 'latin1');
      } catch {
        return '';
      }
    })
    .join('\n');
}

if (obstacle !== '') test('smolvm: failures', (context) => context.skip(obstacle));
else {
  describe('boot', () => {
    test.each(['create:database-locked:2', 'exec:killed'])('goes on after %s', async (fail) => {
      const { boot } = await faulty(fail);
      const machine = await boot();
      expect((await machine.exec(['true'])).exitCode).toBe(0);
    });

    test('a guest that is not ready gets a second machine, but no third', async () => {
      const host = engineHost();
      const once = await open({ host, faults: { SMOLVM_DOUBLE_FAIL: 'start:boot-timeout' } });
      expect((await once.boot()).name).toBe('bottle-test');
      expect(host.lines.join()).toContain('trying once more');
      const twice = await faulty('start:boot-timeout:2');
      await expect(twice.boot()).rejects.toMatchObject({
        outcome: 'boot-failed',
        what: expect.stringContaining('not ready in time'),
      });
      expect(existsSync(twice.spec.stateDir)).toBe(false);
    });

    test('a start that hangs meets our own limit', async () => {
      const { boot } = await open({
        faults: { SMOLVM_DOUBLE_FAIL: 'start:hang:2' },
        startTimeoutMs: 500,
      });
      await expect(boot()).rejects.toThrow(/not ready in time/);
    });

    test.each([
      ['kvm-permission', 'chmod 666'],
      ['kvm-absent', 'ubuntu-latest'],
      ['boot-exit', 'log'],
      ['disk-full', 'disk space'],
    ])('%s is told with a remedy, and nothing is left', async (fault, remedy) => {
      const { boot, spec } = await faulty(`start:${fault}`);
      await expect(boot()).rejects.toMatchObject({
        outcome: 'boot-failed',
        fix: expect.stringContaining(remedy),
      });
      expect(existsSync(spec.stateDir)).toBe(false);
    });

    test('an image that demands a network is refused', async () => {
      const { boot, spec, directory } = await open();
      await writeTinyPack(join(directory, 'tiny.smolmachine'), { manifest: { network: true } });
      await expect(boot()).rejects.toMatchObject({ outcome: 'image-failed' });
      expect(existsSync(spec.stateDir)).toBe(false);
    });

    test('sizes that smolvm does not take are told', async () => {
      const host = engineHost();
      const { boot } = await open({ host, spec: { cpus: 4, memoryMib: 8192 } });
      await boot();
      expect(host.lines.join()).toContain('2 CPUs and 1024 MiB');
    });

    test('an abort ends it, and nothing is left', async () => {
      const { boot, spec } = await faulty('start:hang');
      const abort = new AbortController();
      const booting = boot(abort.signal);
      const started = () =>
        globSync(join(spec.stateDir, '.cache/smolvm/double/start-*')).length > 0;
      await expect.poll(started, { timeout: 10_000 }).toBe(true);
      abort.abort();
      await expect(booting).rejects.toMatchObject({ outcome: 'cancelled' });
      expect(existsSync(spec.stateDir)).toBe(false);
    });

    test('the image of another engine is refused', async () => {
      const { boot } = await open({ spec: { image: { kind: 'host' } } });
      await expect(boot()).rejects.toMatchObject({ outcome: 'config-invalid' });
    });
  });

  describe('exec', () => {
    test('a machine that dies is told as that, with its log, and not as an exit code', async () => {
      const { boot } = await faulty('exec-i:vm-dies');
      const machine = await boot();
      const script = 'echo "kvm permission denied" >&2; sleep 60';
      await expect(machine.exec(['sh', '-c', script])).rejects.toMatchObject({
        what: 'the machine died while a command ran',
        where: expect.stringContaining('stopped'),
      });
    });

    test.each(['killed', 'trailing-garbage'])(
      'one that is lost (%s) is repeated',
      async (fault) => {
        const { boot } = await faulty(`exec-i:${fault}`);
        const machine = await boot();
        const { text } = await gather(machine, ['cat'], { stdin: Buffer.from('input') });
        expect(text).toBe('input');
      },
    );

    test('a guest’s own 124 and 137 are exit codes', async () => {
      const machine = await (await open()).boot();
      for (const code of [1, 124, 137]) {
        expect(await machine.exec(['sh', '-c', `exit ${code}`])).toMatchObject({
          ...{ exitCode: code, timedOut: false },
        });
      }
    });

    test('a kill that is lost is repeated', async () => {
      const machine = await (await faulty('exec:killed:2-3')).boot();
      const result = await machine.exec(['sleep', '60'], { timeoutMs: 300 });
      expect(result).toMatchObject({ timedOut: true });
    });

    test('an abort before the guest has begun leaves nothing either', async () => {
      const abort = new AbortController();
      const host = engineHost();
      const machine = await (
        await open({
          faults: { SMOLVM_DOUBLE_FAIL: 'exec-i:slow' },
          host: {
            ...host,
            spawn: (argv, options) => {
              if (argv.includes('sleep')) queueMicrotask(() => abort.abort());
              return host.spawn(argv, options);
            },
          },
        })
      ).boot();
      const options = { signal: abort.signal };
      expect(await machine.exec(['sleep', '4321'], options)).toMatchObject({ aborted: true });
      const list = 'cat /proc/[0-9]*/cmdline | tr "\\0" " "';
      expect((await gather(machine, ['sh', '-c', list])).text).not.toContain('sleep 4321');
    });

    test('root runs as root, and leaves nothing', async () => {
      const machine = await (await open()).boot();
      const script = 'setsid sleep 1234 >/dev/null 2>&1 & id -u; pwd; echo $HOME';
      const { text } = await gather(machine, ['sh', '-c', script], { user: 'root', cwd: '/root' });
      expect(text).toBe('0\n/root\n/root\n');
      const list = 'cat /proc/[0-9]*/cmdline | tr "\\0" " "';
      expect((await gather(machine, ['sh', '-c', list])).text).not.toContain('sleep 1234');
    });

    test('variables that cannot be given are named', async () => {
      const machine = await (await open()).boot();
      const secret = 's'.repeat(33 * 1024);
      const refused = machine.exec(['true'], { secretEnv: { API_KEY: secret } });
      await expect(refused).rejects.toThrow(/33792 bytes.*"API_KEY"/);
      await expect(refused).rejects.not.toThrow(/ssss/);
      await expect(machine.exec(['true'], { env: { 'A-B': '' } })).rejects.toThrow(/A-B/);
    });

    test('no value is in an argv or in the state directory', async () => {
      const { boot, directory } = await open();
      const machine = await boot();
      const secret = `sec-${Math.random().toString(36).slice(2)}`;
      const go = Promise.withResolvers<void>();
      const ready = Promise.withResolvers<void>();
      async function* stdin() {
        await go.promise;
        yield Buffer.from('\n');
      }
      const running = machine.exec(['sh', '-c', 'echo ready; read -r _; echo "$A$B" >~/seen'], {
        env: { A: secret },
        secretEnv: { B: secret },
        stdin: stdin(),
        onStdout: () => ready.resolve(),
      });
      await ready.promise;
      expect(traces(directory)).not.toContain(secret);
      go.resolve();
      await running;
      expect(traces(directory)).toContain(secret + secret);
    });

    test('reaches the gateway', async () => {
      const machine = await (await open()).boot();
      const client = `print IO::Socket::UNIX->new('/run/bottle/gateway.sock')->getline`;
      const { text } = await gather(machine, ['perl', '-MIO::Socket::UNIX', '-e', client]);
      expect(text).toBe('hello\n');
    });
  });

  describe('destroy', () => {
    test.each(['delete:directory-not-empty:2', 'delete:database-locked', 'stop:database-locked:2'])(
      'gets over %s',
      async (fail) => {
        const { boot, engine, spec } = await faulty(fail);
        await boot();
        expect(await engine.destroy({ engine: 'smolvm', ...spec })).toBe(true);
        expect(existsSync(spec.stateDir)).toBe(false);
        expect(await engine.destroy({ engine: 'smolvm', ...spec })).toBe(false);
      },
    );

    test('one that cannot be had is an error and leaves the state', async () => {
      const { boot, engine, spec } = await faulty('delete:database-locked:3');
      await boot();
      await expect(engine.destroy({ engine: 'smolvm', ...spec })).rejects.toThrow(/in use/);
      expect(existsSync(spec.stateDir)).toBe(true);
    });
  });
}
