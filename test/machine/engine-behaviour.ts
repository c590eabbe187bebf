/** What must hold for a machine of any engine; each engine's test calls it with its own boot. */
import { createHash, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ExecOptions, ExecResult, Machine } from '../../src/machine/machine.ts';
import { type Gathered, gather } from './gather.ts';
import { settled } from './settled.ts';

const MIB = 1024 * 1024;

/** Holds a lock that each of its children holds too: when the lock is free, all are gone. */
const LOCKED_FAMILY = `
  exec 9>/tmp/lock; flock 9
  (trap '' TERM INT HUP; sleep 1000) >/dev/null 2>&1 &
  setsid sleep 1000 >/dev/null 2>&1 &
  echo ready
`;

/** @param boot gives a machine that runs; its agent is `node`, uid and gid 1000, in `/home/node` */
export function engineBehaviour(name: string, boot: () => Promise<Machine>): void {
  describe(`${name}: a machine`, () => {
    let machine: Machine;
    beforeAll(async () => {
      machine = await boot();
    });
    afterAll(() => machine?.destroy());

    const run = (argv: readonly string[], options?: ExecOptions) => gather(machine, argv, options);
    const shell = (script: string, options?: ExecOptions) => run(['sh', '-c', script], options);

    describeOutcomes(shell, run);
    describeStreams(shell, run);
    describeSurroundings(shell, run);
    describeEnd(shell, () => machine, boot);
  });
}

type Shell = (script: string, options?: ExecOptions) => Promise<Gathered>;
type Run = (argv: readonly string[], options?: ExecOptions) => Promise<Gathered>;

function describeOutcomes(shell: Shell, run: Run): void {
  test.each([0, 1, 2, 42, 124, 125, 126, 127, 137, 255])('gives exit code %i', async (code) => {
    expect(await shell(`exit ${code}`)).toMatchObject({
      exitCode: code,
      timedOut: false,
      aborted: false,
    });
  });

  test.each([
    ['TERM', 143],
    ['KILL', 137],
    ['INT', 130],
  ])('a death by SIG%s is an exit code', async (signal, code) => {
    expect(await shell(`kill -${signal} $$`)).toMatchObject({ exitCode: code, aborted: false });
  });

  test('a command that is not there is a failure of the command', async () => {
    expect((await run(['/no/such/program'])).exitCode).toBe(127);
  });

  test('passes arguments on as they are', async () => {
    const words = ['', ' ', 'a b', `'"\\$HOME\`id\``, '--', '-x', 'two\nlines', 'é→🍾', '*', '~'];
    const { text } = await run(['sh', '-c', `printf '%s\\0' "$@"`, 'sh', ...words]);
    expect(text.split('\0').slice(0, -1)).toEqual(words);
  });
}

function describeStreams(shell: Shell, run: Run): void {
  test('keeps stdout and stderr apart, and each byte of both', async () => {
    const bytes = Buffer.concat([Buffer.from(Array.from({ length: 256 }, (_, i) => i)), MARKS]);
    const { stdout, stderr } = await shell('tee /tmp/bytes; cat /tmp/bytes >&2', { stdin: bytes });
    expect(stdout.equals(bytes)).toBe(true);
    expect(stderr.equals(bytes)).toBe(true);
  });

  test('gives no input when there is none', async () => {
    expect((await run(['cat'])).stdout).toHaveLength(0);
    expect((await run(['cat'], { stdin: Buffer.alloc(0) })).stdout).toHaveLength(0);
  });

  test('streams input while output comes, and ends it', async () => {
    const echo = Promise.withResolvers<void>();
    async function* lines() {
      yield Buffer.from('one\n');
      await echo.promise;
      yield Buffer.from('two\n');
    }
    const { text, exitCode } = await run(['cat'], {
      stdin: lines(),
      onStdout: () => echo.resolve(),
    });
    expect({ text, exitCode }).toEqual({ text: 'one\ntwo\n', exitCode: 0 });
  });

  test('does not wait for input that nobody reads', async () => {
    async function* endless() {
      yield Buffer.alloc(MIB);
      await new Promise<never>(() => {});
    }
    expect((await shell('exit 7', { stdin: endless() })).exitCode).toBe(7);
  });

  test('64 MiB go in and out, and a slow reader holds the writer back', async () => {
    const block = randomBytes(MIB);
    const sent = createHash('sha256');
    const received = createHash('sha256');
    let blocks = 0;
    let atFirstByte = 0;
    async function* source() {
      for (; blocks < 64; blocks += 1) {
        sent.update(block);
        yield block;
      }
    }
    const { exitCode } = await run(['cat'], {
      stdin: source(),
      onStdout: async (chunk) => {
        if (atFirstByte === 0) atFirstByte = await settled(() => blocks);
        received.update(chunk);
      },
    });
    expect(exitCode).toBe(0);
    expect(received.digest('hex')).toBe(sent.digest('hex'));
    expect(atFirstByte).toBeLessThan(32);
  });

  test('a tree goes out and in as a tar stream', async () => {
    await shell(`
      mkdir -p /tmp/tree/deep/er && cd /tmp/tree && echo text >deep/er/file
      head -c 300000 /dev/urandom >bytes && ln -s deep/er link && chmod 750 deep && : >empty
    `);
    const { stdout } = await run(['tar', '-cf', '-', '-C', '/tmp/tree', '.']);
    await shell('mkdir /tmp/copy && tar -xf - -C /tmp/copy', { stdin: stdout });
    const list = 'find . -type f -exec sha256sum {} + | sort; readlink link; stat -c %a deep';
    const [there, here] = [
      await shell(list, { cwd: '/tmp/tree' }),
      await shell(list, { cwd: '/tmp/copy' }),
    ];
    expect(here.text).toBe(there.text);
    expect(here.text).toContain('deep/er/file');
  });

  test('what a handler throws ends the command and comes back', async () => {
    const fault = new Error('the disk is full');
    const failing = shell(`${LOCKED_FAMILY} wait`, {
      onStdout: () => {
        throw fault;
      },
    });
    await expect(failing).rejects.toBe(fault);
    expect((await shell('flock -n /tmp/lock true')).exitCode).toBe(0);
  });
}

function describeSurroundings(shell: Shell, run: Run): void {
  test('the user is node, 1000, at home', async () => {
    const { text } = await shell('id -u; id -g; id -un; echo "$HOME"; pwd; stat -c %u "$HOME"');
    expect(text).toBe('1000\n1000\nnode\n/home/node\n/home/node\n1000\n');
  });

  test('runs where it is told to', async () => {
    expect((await run(['pwd'], { cwd: '/tmp' })).text).toBe('/tmp\n');
  });

  test('files in home and /tmp are there for the next command', async () => {
    await shell('echo kept >~/kept; echo kept >/tmp/kept');
    expect((await shell('cat ~/kept /tmp/kept')).text).toBe('kept\nkept\n');
  });

  test('environment values arrive as they are', async () => {
    const values = [
      ...['', ' ', 'a\nb\n', `'"\\$HOME\`id\``, 'é→🍾', '=', '--bind', 'x'.repeat(30 * 1024)],
      ...fc.sample(fc.string({ unit: 'binary', maxLength: 200 }).filter(isPlain), 40),
    ];
    const env = Object.fromEntries(values.map((value, index) => [`V${index}`, value]));
    const names = values.map((_, index) => `"$V${index}"`).join(' ');
    const { text } = await shell(`printf '%s\\0' ${names}`, { env });
    expect(text.split('\0').slice(0, -1)).toEqual(values);
  });

  test('secret values arrive too, and win', async () => {
    const options = { env: { A: 'plain', B: 'b' }, secretEnv: { A: 'secret' } };
    expect((await shell('echo "$A $B"', options)).text).toBe('secret b\n');
  });

  test('nothing of the environment of this process is there', async () => {
    process.env.BOTTLE_TEST_LEAK = 'leak';
    const { text } = await run(['env']);
    delete process.env.BOTTLE_TEST_LEAK;
    expect(text).not.toContain('LEAK');
  });

  test('has no network interface but the loopback', async () => {
    const { text } = await shell('tail -n +3 /proc/net/dev | cut -d: -f1 | tr -d " "');
    expect(text).toBe('lo\n');
  });

  test('runs commands side by side', async () => {
    const results = await Promise.all([1, 2, 3, 4].map((n) => shell(`echo ${n}; exit ${n}`)));
    expect(results.map(({ text, exitCode }) => [text, exitCode])).toEqual(
      [1, 2, 3, 4].map((n) => [`${n}\n`, n]),
    );
  });
}

function describeEnd(shell: Shell, machine: () => Machine, boot: () => Promise<Machine>): void {
  const expectNobodyLeft = async () => {
    expect((await shell('flock -n /tmp/lock true')).exitCode).toBe(0);
  };

  test('what ran in the background ends with the command', async () => {
    const { text, exitCode } = await shell(`${LOCKED_FAMILY} exit 5`);
    expect({ text, exitCode }).toEqual({ text: 'ready\n', exitCode: 5 });
    await expectNobodyLeft();
  });

  test('the time limit leaves nothing, and what was written before arrives', async () => {
    const { text, ...result } = await shell(`${LOCKED_FAMILY} wait`, { timeoutMs: 1500 });
    expect(text).toBe('ready\n');
    expect(result).toMatchObject({ timedOut: true, aborted: false });
    expect(result.durationMs).toBeGreaterThanOrEqual(1490);
    await expectNobodyLeft();
  });

  test('an abort leaves nothing', async () => {
    const abort = new AbortController();
    const result = await shell(`${LOCKED_FAMILY} wait`, {
      signal: abort.signal,
      onStdout: () => abort.abort(),
    });
    expect(result).toMatchObject({ timedOut: false, aborted: true });
    await expectNobodyLeft();
  });

  test('nothing starts when the abort came before', async () => {
    const result = await shell('touch /tmp/started', { signal: AbortSignal.abort() });
    expect(result.aborted).toBe(true);
    expect((await shell('test -e /tmp/started')).exitCode).toBe(1);
  });

  test('can be destroyed twice, also while a command runs', async () => {
    const other = await boot();
    expect(other.name).not.toBe('');
    const ready = Promise.withResolvers<void>();
    const ended: Promise<ExecResult | Error> = gather(
      other,
      ['sh', '-c', 'echo ready; sleep 1000'],
      {
        onStdout: () => ready.resolve(),
      },
    ).catch((error: Error) => error);
    await ready.promise;
    await other.destroy();
    await other.destroy();
    await ended;
    await expect(other.exec(['true'])).rejects.toThrow();
    expect((await machine().exec(['true'])).exitCode).toBe(0);
  });
}

/** What engines that mark the end of a command in a stream might trip over. */
const MARKS = Buffer.from('bottle-exit: 0\n\r\n\0\0--bind\0');

const isPlain = (text: string) => !text.includes('\0') && text.isWellFormed();
