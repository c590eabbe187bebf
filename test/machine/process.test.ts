/** Child processes: how they start, what flows, and that none is left. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ProcessExit, SpawnOptions } from '../../src/host/host.ts';
import { runProcess, spawnProcess } from '../../src/host/process.ts';
import { settled } from './settled.ts';

const MIB = 1024 * 1024;
const env = { PATH: '/usr/bin:/bin' };
let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'process-test-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

type Output = { exit: ProcessExit; stdout: string; stderr: string };

async function shell(script: string, options: Partial<SpawnOptions> = {}): Promise<Output> {
  const out: Uint8Array[] = [];
  const err: Uint8Array[] = [];
  const child = await spawnProcess(['sh', '-c', script], {
    env,
    onStdout: (chunk) => void out.push(chunk),
    onStderr: (chunk) => void err.push(chunk),
    ...options,
  });
  const exit = await child.exit;
  return { exit, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() };
}

/** A name of a lock file, and shell text that takes the lock for itself and all its children. */
function lock(name: string) {
  const file = join(directory, name);
  return { file, take: `exec 9>'${file}'; flock 9;` };
}

async function expectFree(file: string): Promise<void> {
  expect((await runProcess(['flock', '-w', '5', file, 'true'], { env })).exitCode).toBe(0);
}

async function isHeld(file: string): Promise<boolean> {
  return (await runProcess(['flock', '-n', file, 'true'], { env })).exitCode !== 0;
}

/** Reads once the child has written its first line. */
function firstLine() {
  const { promise, resolve } = Promise.withResolvers<string>();
  let text = '';
  const onStdout = (chunk: Uint8Array) => {
    text += Buffer.from(chunk).toString();
    if (text.includes('\n')) resolve(text.slice(0, text.indexOf('\n')));
  };
  return { promise, onStdout };
}

describe('what is started', () => {
  test('tells code and signal, one of them', async () => {
    expect((await shell('exit 3')).exit).toMatchObject({ exitCode: 3, signal: null });
    expect((await shell('kill -9 $$')).exit).toMatchObject({ exitCode: null, signal: 'SIGKILL' });
  });

  test('has the environment it was given and nothing else', async () => {
    const { stdout } = await shell('exec /usr/bin/env', { env: { ONLY: 'this' } });
    expect(stdout.split('\n').filter((line) => !/^(PWD|_|SHLVL|)(=|$)/.test(line))).toEqual([
      'ONLY=this',
    ]);
  });

  test('gets bytes on stdin and on descriptor 3', async () => {
    const { stdout } = await shell('cat; cat <&3', {
      stdin: Buffer.from('in '),
      fd3: Buffer.from('three'),
    });
    expect(stdout).toBe('in three');
  });

  test('reads nothing when it was given no stdin', async () => {
    expect((await shell('cat; readlink /proc/self/fd/0')).stdout).toBe('/dev/null\n');
  });

  test.skipIf(process.getuid?.() !== 0)('takes on another user (needs root)', async () => {
    const { stdout } = await shell('id -u; id -g; id -G', { uid: 65533, gid: 65533, cwd: '/' });
    expect(stdout).toBe('65533\n65533\n65533\n');
  });
});

describe('what cannot be started', () => {
  test.each<[string, string[], Partial<SpawnOptions>, RegExp]>([
    ['no such program', ['/no/such/program'], {}, /\/no\/such\/program: no such program.*ENOENT/],
    ['not on PATH', ['no-such-program'], {}, /no-such-program: no such program/],
    ['not a program', ['/etc/passwd'], {}, /\/etc\/passwd: .*EACCES/],
    ['no such directory', ['true'], { cwd: '/no/such' }, /true: .*\/no\/such does not exist/],
    ['too long', ['true'], { env: { A: 'secret'.repeat(500_000) } }, /true: .*E2BIG/],
    ['a NUL byte', ['true', 'secret\0'], {}, /true: .*NUL byte/],
    ['a NUL byte in a value', ['true'], { env: { A: 'secret\0' } }, /true: .*NUL byte/],
    ['nothing', [], {}, /empty/],
  ])('%s', async (_, argv, options, message) => {
    const failure = await spawnProcess(argv, { env, ...options }).catch((error) => error);
    expect(failure).toBeInstanceOf(Error);
    expect(failure.message).toMatch(message);
    expect(failure.message).not.toContain('secret');
  });

  test('what was aborted before', async () => {
    const file = join(directory, 'never');
    const starting = spawnProcess(['touch', file], { env, signal: AbortSignal.abort('no') });
    await expect(starting).rejects.toBe('no');
    expect(() => readFileSync(file)).toThrow('ENOENT');
  });
});

describe('streams', () => {
  test('a child that does not read its input is no error', async () => {
    const stdin = Buffer.alloc(8 * MIB);
    expect((await shell('exit 4', { stdin, fd3: stdin })).exit.exitCode).toBe(4);
    const little = Buffer.from('little');
    expect((await shell('exit 5', { stdin: little, fd3: little })).exit.exitCode).toBe(5);
  });

  test('an input that never ends does not outlive the child', async () => {
    let closed = false;
    async function* endless() {
      try {
        for (;;) yield Buffer.alloc(65536);
      } finally {
        closed = true;
      }
    }
    expect((await shell('head -c 10 >/dev/null', { stdin: endless() })).exit.exitCode).toBe(0);
    await expect.poll(() => closed).toBe(true);
  });

  test('a slow reader holds the child back, and memory stays small', async () => {
    const written = join(directory, 'written');
    const before = process.memoryUsage.rss();
    let received = 0;
    let writtenAtFirst = Number.POSITIVE_INFINITY;
    const block = `head -c ${MIB} /dev/zero; echo "$i" >'${written}'`;
    const script = `for i in $(seq 256); do ${block}; done`;
    const { exit } = await shell(script, {
      onStdout: async (chunk) => {
        if (received === 0) {
          writtenAtFirst = await settled(() => Number(readOr(written, '0')));
        }
        received += chunk.length;
      },
    });
    expect(exit.exitCode).toBe(0);
    expect(received).toBe(256 * MIB);
    expect(writtenAtFirst).toBeLessThanOrEqual(2);
    expect(process.memoryUsage.rss() - before).toBeLessThan(128 * MIB);
  });

  test('all of a long output arrives after the child is gone', async () => {
    let received = 0;
    const { exit } = await shell(`head -c ${MIB} /dev/zero`, {
      onStdout: async (chunk) => {
        // Longer than anyone would wait for silence.
        if (received < 2) await new Promise((resolve) => setTimeout(resolve, 600));
        received += chunk.length;
      },
    });
    expect({ received, code: exit.exitCode }).toEqual({ received: MIB, code: 0 });
  });

  test.each(['onStdout', 'onStderr'] as const)('what %s throws ends the child', async (name) => {
    const { file, take } = lock(`throws-${name}`);
    const fault = new Error('handler');
    const failing = shell(`${take} echo out; echo err >&2; sleep 1000 & wait`, {
      [name]: () => Promise.reject(fault),
    });
    await expect(failing).rejects.toBe(fault);
    await expectFree(file);
  });

  test('what the input throws ends the child', async () => {
    const fault = new Error('source');
    async function* broken() {
      yield Buffer.from('a');
      throw fault;
    }
    await expect(shell('cat >/dev/null; sleep 1000', { stdin: broken() })).rejects.toBe(fault);
  });
});

describe('the end', () => {
  test('a deep tree of processes ends at the time limit', async () => {
    const { file, take } = lock('deep');
    const nest = (depth: number): string =>
      depth === 0 ? 'sleep 1000' : `(sleep 1000 & ${nest(depth - 1)}; wait)`;
    const { exit } = await shell(`${take} ${nest(12)}`, { timeoutMs: 200 });
    expect(exit).toMatchObject({ timedOut: true, aborted: false });
    await expectFree(file);
  });

  test('who ignores SIGTERM gets SIGKILL after the grace', async () => {
    const { file, take } = lock('stubborn');
    const started = firstLine();
    const child = await spawnProcess(
      ['sh', '-c', `${take} trap '' TERM; echo up; while :; do sleep 1000; done`],
      { env, onStdout: started.onStdout, graceMs: 200 },
    );
    await started.promise;
    child.kill();
    child.kill();
    const exit = await child.exit;
    expect(exit).toMatchObject({ signal: 'SIGKILL', timedOut: false, aborted: false });
    expect(exit.durationMs).toBeGreaterThanOrEqual(195);
    await expectFree(file);
  });

  test('who obeys SIGTERM may finish', async () => {
    const started = firstLine();
    const file = join(directory, 'last-words');
    const child = await spawnProcess(
      ['sh', '-c', `trap 'echo bye >"${file}"; exit 9' TERM; echo up; sleep 1000 & wait`],
      { env, onStdout: started.onStdout },
    );
    await started.promise;
    child.kill();
    expect(await child.exit).toMatchObject({ exitCode: 9, signal: null });
    expect(readFileSync(file, 'utf8')).toBe('bye\n');
  });

  test('no grace means SIGKILL at once', async () => {
    const started = firstLine();
    const child = await spawnProcess(['sh', '-c', `trap '' TERM; echo up; exec sleep 1000`], {
      env,
      onStdout: started.onStdout,
      graceMs: 0,
    });
    await started.promise;
    child.kill();
    expect(await child.exit).toMatchObject({ signal: 'SIGKILL' });
  });

  test('an abort during the start ends it', async () => {
    const abort = new AbortController();
    const starting = spawnProcess(['sleep', '1000'], { env, signal: abort.signal });
    abort.abort();
    const child = await starting;
    expect(await child.exit).toMatchObject({ signal: 'SIGTERM', aborted: true, timedOut: false });
  });

  test('nothing of it keeps this process busy, whoever it left behind', async () => {
    const pipes = () => process.getActiveResourcesInfo().filter((name) => name === 'PipeWrap');
    const before = pipes();
    const input = { stdin: Buffer.from('in'), fd3: Buffer.from('three') };
    const { stdout } = await shell('sleep 1000 >/dev/null 2>&1 </dev/null & echo $!', input);
    await expect.poll(pipes).toEqual(before);
    process.kill(Number(stdout), 'SIGKILL');
  });

  test('a limit that comes after the end changes nothing', async () => {
    const abort = new AbortController();
    const child = await spawnProcess(['true'], { env, signal: abort.signal, timeoutMs: 10_000 });
    const exit = await child.exit;
    abort.abort();
    child.kill();
    expect(exit).toMatchObject({ exitCode: 0, aborted: false, timedOut: false });
  });

  test('a survivor that holds the output does not hold us, and ends', async () => {
    const { file, take } = lock('holds');
    const { exit, stdout } = await shell(`${take} sleep 1000 & echo out`);
    expect({ code: exit.exitCode, stdout }).toEqual({ code: 0, stdout: 'out\n' });
    await expectFree(file);
  });

  test('nor does one that left the group, or one that writes on and on', async () => {
    let bytes = 0;
    const onStdout = (chunk: Uint8Array) => {
      bytes += chunk.length;
    };
    const { exit } = await shell('setsid sleep 5 & setsid yes & exit 6', { onStdout });
    expect(exit.exitCode).toBe(6);
    expect(bytes).toBeLessThan(16 * MIB);
    const trickle = await shell("setsid sh -c 'while sleep 0.05; do echo x; done' & exit 7");
    expect(trickle.exit.exitCode).toBe(7);
    expect(exit.durationMs + trickle.exit.durationMs).toBeLessThan(10_000);
  });

  test('a daemon that let go of our streams may stay, unless we end it', async () => {
    const kept = lock('daemon-kept');
    const daemon = '(sleep 1000 >/dev/null 2>&1 </dev/null & echo $!)';
    const { stdout } = await shell(`${kept.take} ${daemon}`);
    expect(await isHeld(kept.file)).toBe(true);
    process.kill(Number(stdout), 'SIGKILL');
    await expectFree(kept.file);

    const ended = lock('daemon-ended');
    await shell(`${ended.take} trap '' TERM; ${daemon}; trap - TERM; sleep 1000`, {
      timeoutMs: 200,
    });
    await expectFree(ended.file);
  });
});

describe('a short command', () => {
  test('gives code and text', async () => {
    const result = await runProcess(['sh', '-c', 'cat; echo e >&2; exit 3'], {
      env,
      input: Buffer.from('é'),
    });
    expect(result).toEqual({ exitCode: 3, stdout: 'é', stderr: 'e\n' });
  });

  test('makes a signal and a time limit a code', async () => {
    expect((await runProcess(['sh', '-c', 'kill -9 $$'], { env })).exitCode).toBe(137);
    expect((await runProcess(['sleep', '1000'], { env, timeoutMs: 100 })).exitCode).toBe(124);
  });

  test('is told to leave out what is not set', async () => {
    const script = join(directory, 'script');
    writeFileSync(script, '#!/bin/sh\nenv\n', { mode: 0o755 });
    const { stdout } = await runProcess([script], { env: { ...env, NOT: undefined } });
    expect(stdout).not.toContain('NOT');
  });
});

function readOr(file: string, otherwise: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return otherwise;
  }
}
