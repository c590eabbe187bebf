/** Statements 37 to 52: machine exec. `bare` runs in the machine itself, `image` in a container. */
import { randomBytes } from 'node:crypto';
import { globSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { commandLines, guestCommandLines } from './guest-process.ts';
import { expectOk, expectRefusal, onDouble, openSmolvm } from './smolvm.ts';
import { canRun, statement } from './statement.ts';

const smolvm = openSmolvm();
const { exec } = smolvm;
beforeAll(async () => {
  if (!canRun('machine')) return;
  await smolvm.boot('bare', '-e', 'A=record');
  if (canRun('pack')) await smolvm.boot('image', '--from', await smolvm.image());
});
afterAll(smolvm.close);

const CAP = 11 * 1024 * 1024;
const sh = (name: string, script: string, ...options: string[]) =>
  exec(name, ...options, '--', 'sh', '-c', script);
const execArgv = (name: string, ...rest: string[]) => ['machine', 'exec', '--name', name, ...rest];

statement(37, 'streams and exit code of a command', ['machine'], async () => {
  expect(await sh('bare', 'echo o; echo e >&2; exit 7')).toEqual({
    ...{ exitCode: 7, stdout: 'o\n', stderr: 'e\n' },
  });
});

statement(38, 'exec has no -n', [], async () => {
  expect((await smolvm.machine('exec', '-n', 'bare', '--', 'true')).exitCode).toBe(2);
});

statement(39, 'exec does not start a machine', [], async () => {
  await expectOk(smolvm.machine('create', '--name', 'a39'));
  const words = "is not running. Use 'smolvm machine start --name a39' first.";
  await expectRefusal(exec('a39', '--', 'true'), words);
  await expectRefusal(exec('missing', '--', 'true'), 'vm not found');
});

statement(40, '--timeout ends the whole tree of a buffered command', ['pack'], async () => {
  const started = performance.now();
  const { exitCode } = await sh('image', 'sleep 4040 & sleep 4040', '--timeout', '1s');
  expect(exitCode).toBe(124);
  expect(performance.now() - started).toBeLessThan(6000);
  expect((await guestCommandLines(smolvm, 'image')).filter(isSleep(4040))).toEqual([]);
});

const isSleep = (seconds: number) => (line: string) => line.startsWith(`sleep ${seconds}`);

statement(41, '--timeout with -i leaves survivors', ['pack'], async () => {
  const { exitCode } = await exec('image', '-i', '--timeout', '1s', '--', 'sleep', '4141');
  expect(exitCode).toBe(124);
  const survivors = (await guestCommandLines(smolvm, 'image')).filter(isSleep(4141));
  if (onDouble) expect(survivors).toHaveLength(1);
});

statement(42, 'a death by signal is 128 + its number', ['machine'], async () => {
  expect((await sh('bare', 'kill -9 $$')).exitCode).toBe(137);
});

statement(43, 'each mode has its own end of much output', ['pack'], async () => {
  const much = 'head -c 12582912 /dev/zero';
  await expectRefusal(sh('bare', much), 'command output exceeded 11534336 bytes');
  const buffered = await sh('image', much);
  expect(buffered.stdout.length).toBeLessThanOrEqual(CAP + 1024 * 1024);
  expect(buffered.exitCode).not.toBe(0);
  const streamed = await sh('bare', much, '--stream');
  expect(streamed.stderr).toContain('error: streaming output exceeded');
  expect(streamed.exitCode).toBe(1);
  for (const name of ['bare', 'image']) {
    const { exitCode, stdout } = await sh(name, much, '-i');
    expect({ exitCode, length: stdout.length }).toEqual({ exitCode: 0, length: 12_582_912 });
  }
});

statement(44, '-i streams, keeps streams apart and bytes as they are', ['machine'], async () => {
  const first = Promise.withResolvers<void>();
  const out: Uint8Array[] = [];
  const error: Uint8Array[] = [];
  async function* untilSeen() {
    await first.promise;
    yield Buffer.from('go\n');
  }
  const script = `printf '\\377\\000\\n'; echo e >&2; read -r _; echo end`;
  const running = await smolvm.start(execArgv('bare', '-i', '--', 'sh', '-c', script), {
    stdin: untilSeen(),
    onStdout: (chunk) => {
      out.push(chunk);
      first.resolve();
    },
    onStderr: (chunk) => void error.push(chunk),
  });
  expect(await running.exit).toMatchObject({ exitCode: 0 });
  expect(Buffer.concat(out)).toEqual(Buffer.from('\xff\0\nend\n', 'latin1'));
  expect(Buffer.concat(error).toString()).toBe('e\n');
});

statement(45, 'stdin reaches -i alone, and its end with it', ['machine'], async () => {
  const input = Buffer.from('abc');
  const cat = (...options: string[]) =>
    smolvm.run(execArgv('bare', ...options, '--', 'cat'), { input });
  expect((await expectOk(cat('-i'))).stdout).toBe('abc');
  expect((await expectOk(cat())).stdout).toBe('');
  const drop = execArgv('bare', '-i', '--', 'sh', '-c', 'cat >/dev/null');
  await expectOk(smolvm.run(drop, { input: Buffer.alloc(100 * 1024 * 1024) }));
});

statement(46, 'a killed exec leaves the machine', ['machine'], async () => {
  const ready = Promise.withResolvers<void>();
  const running = await smolvm.start(
    execArgv('bare', '-i', '--', 'sh', '-c', 'echo ready; sleep 4646'),
    { onStdout: () => ready.resolve() },
  );
  await ready.promise;
  running.kill();
  await running.exit;
  expect(await smolvm.find('bare')).toMatchObject({ state: 'running' });
  await expectOk(exec('bare', '--', 'true'));
});

statement(47, 'which value of a variable wins', ['machine'], async () => {
  const show = (...options: string[]) =>
    smolvm.run(execArgv('bare', ...options, '--', 'sh', '-c', 'echo "$A"'), {
      env: { H: 'secret' },
    });
  expect((await show()).stdout).toBe('record\n');
  expect((await show('-e', 'A=1')).stdout).toBe('1\n');
  expect((await show('--secret-env', 'A=H')).stdout).toBe('secret\n');
  expect((await show('--secret-env', 'A=H', '-e', 'A=1')).stdout).toBe('1\n');
});

statement(48, 'a secret must be set, and stands in no argv and no file', ['machine'], async () => {
  await expectRefusal(sh('bare', 'true', '--secret-env', 'A=UNSET_VAR'), 'env_unset');
  const value = randomBytes(16).toString('hex');
  const ready = Promise.withResolvers<void>();
  const running = await smolvm.start(
    execArgv('bare', '-i', '--secret-env', 'A=H', '--', 'sh', '-c', 'echo ready; read -r _'),
    { env: { H: value }, stdin: once(ready.promise), onStdout: () => ready.resolve() },
  );
  await ready.promise;
  expect(commandLines().filter((line) => line.includes(value))).toEqual([]);
  await running.exit;
  const files = globSync('**', { cwd: smolvm.state })
    .map((name) => join(smolvm.state, name))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile())
    .filter((path) => statSync(path).size < 2 ** 26 && readFileSync(path).includes(value));
  expect(files).toEqual([]);
});

async function* once(when: Promise<void>) {
  await when;
  yield Buffer.from('\n');
}

statement(49, '-d gives a process id and returns', ['machine'], async () => {
  const { stdout } = await expectOk(exec('bare', '-d', '--', 'sleep', '99'));
  expect(stdout).toMatch(/^\d+\n$/);
  expect((await guestCommandLines(smolvm, 'bare')).some(isSleep(99))).toBe(true);
});

statement(50, 'files survive a restart, but not in /tmp', ['machine'], async () => {
  await smolvm.boot('a50');
  await expectOk(sh('a50', 'echo kept >/root/kept; echo gone >/tmp/gone'));
  await expectOk(smolvm.machine('stop', '--name', 'a50'));
  await expectOk(smolvm.machine('start', '--name', 'a50'));
  expect((await sh('a50', 'cat /root/kept; ls /tmp')).stdout).toBe('kept\n');
});

statement(51, '-t merges the streams', ['machine'], async () => {
  const { stdout, stderr } = await sh('bare', 'echo o; echo e >&2', '-t');
  expect(stdout.replaceAll('\r', '').split('\n').sort()).toEqual(['', 'e', 'o']);
  expect(stderr).toBe('');
});

statement(52, 'a value of 33 KiB is too long for a container', ['pack'], async () => {
  const argv = execArgv('image', '--secret-env', 'LONG=H', '--', 'true');
  const { exitCode, stderr } = await smolvm.run(argv, { env: { H: 'x'.repeat(33 * 1024) } });
  expect(stderr).toContain('exceeds 32768 byte limit');
  expect(exitCode).not.toBe(0);
});
