/** `machine exec` in its modes: buffered, `--stream`, `-i`, `-t`, `-d`. */
import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { type Args, type Command, flag, list, SmolvmError, UsageError, value } from './command.ts';
import { applyFault, milliseconds } from './fault.ts';
import { descendants, enterGuest, GUEST_ENV, innerPid, runInGuest } from './guest.ts';
import { getGuest, killProcess } from './machine.ts';
import { getRecord, type MachineRecord } from './record.ts';

/** Per stream when buffered, in all when streamed. */
export const OUTPUT_CAP = 11 * 1024 * 1024;
const LONGEST_VALUE = 32 * 1024;
/** Silence after the end of a command that ends its output too, whoever else may still hold it. */
const DRAIN_MS = 100;

export const exec: Command = {
  name: 'machine exec',
  options: [
    value('name'),
    value('workdir', 'w'),
    value('timeout'),
    ...[list('env', 'e'), list('secret-env'), list('secret-file')],
    ...[flag('interactive', 'i'), flag('tty', 't'), flag('stream')],
    { ...flag('detach', 'd'), conflicts: ['interactive', 'tty', 'stream'] },
  ],
  operands: 'rest',
  async run(args) {
    if (args.operands.length === 0) {
      throw new UsageError('the following required arguments were not provided:\n  <COMMAND>...');
    }
    const interactive = args.has('interactive');
    const fault = await applyFault(interactive ? 'exec-i' : 'exec');
    const record = getRecord(args.get('name') ?? 'default');
    const guest = await getGuest(record);
    if (fault === 'killed') return 137;
    if (fault === 'vm-dies') dieSoon(record);
    const call: Call = {
      record,
      guest,
      env: guestEnv(args, record),
      argv: enterGuest(guest, args.get('workdir') ?? record.workdir ?? '/', args.operands),
      timeoutMs: timeoutOf(args),
    };
    checkCommand(call, args.operands[0] ?? '');
    if (args.has('detach')) return runDetached(call);
    if (interactive || args.has('tty'))
      return await runInteractive(call, interactive, args.has('tty'));
    return args.has('stream') ? await runStreamed(call) : await runBuffered(call);
  },
};

type Call = {
  readonly record: MachineRecord;
  readonly guest: number;
  readonly env: Readonly<Record<string, string>>;
  readonly argv: readonly string[];
  readonly timeoutMs: number | undefined;
};

function dieSoon(record: MachineRecord): void {
  setTimeout(killProcess, milliseconds('SMOLVM_DOUBLE_DIE_MS', 100), record.pid);
}

function timeoutOf(args: Args): number | undefined {
  const text = args.get('timeout');
  if (text === undefined) return undefined;
  const [, number, unit = ''] = /^(\d+)(ms|s|m|h)$/.exec(text) ?? [];
  const factor = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }[unit];
  if (factor === undefined || Number(number) === 0) {
    throw new UsageError(`invalid value '${text}' for '--timeout <DURATION>'`);
  }
  return Number(number) * factor;
}

/** Record, then secrets, then `-e`. */
function guestEnv(args: Args, record: MachineRecord): Record<string, string> {
  const pairs = (entries: readonly string[]) =>
    entries.map((entry): [string, string] => {
      const at = entry.indexOf('=');
      return [entry.slice(0, at), entry.slice(at + 1)];
    });
  const secret = ([guest, host]: [string, string]): [string, string] => {
    const found = process.env[host];
    if (found !== undefined) return [guest, found];
    throw new SmolvmError(`config operation failed: resolve secret '${guest}': env_unset`);
  };
  const given = [
    ...pairs(record.env),
    ...pairs([...record.secretEnv, ...args.list('secret-env')]).map(secret),
    ...pairs(args.list('env').filter((entry) => entry.includes('='))),
  ];
  const long = given.find(([, text]) => Buffer.byteLength(text) > LONGEST_VALUE);
  if (long !== undefined && record.image !== null) {
    throw new SmolvmError(
      `agent operation failed: exec: environment variable '${long[0]}' exceeds ${LONGEST_VALUE} byte limit`,
    );
  }
  return { ...GUEST_ENV, ...Object.fromEntries(given) };
}

/** Only a bare machine's agent looks for the program itself; a container's runtime exits 127. */
function checkCommand({ record, guest }: Call, program: string): void {
  if (
    record.image !== null ||
    runInGuest(guest, ['/bin/sh', '-c', 'command -v -- "$0"', program]).status === 0
  )
    return;
  throw new SmolvmError(
    'agent operation failed: vm exec: failed to spawn command: No such file or directory (os error 2)',
  );
}

/** In a session of its own: what ends this command line's process group does not reach into a guest. */
function spawnCall({ argv, env }: Call, stdio: StdioOptions): ChildProcess {
  const [program = '', ...args] = argv;
  return spawn(program, args, { env, stdio, detached: true });
}

function runDetached(call: Call): number {
  const child = spawnCall(call, 'ignore');
  child.unref();
  process.stdout.write(`${innerPid(descendants(child.pid ?? 0)[0] ?? child.pid ?? 0)}\n`);
  return 0;
}

/** Waits for all output; not for that of a survivor who says nothing. */
function openDrain(child: ChildProcess): () => Promise<void> {
  const closed = new Promise<true>((resolve) => child.once('close', () => resolve(true)));
  const bytes = () =>
    [child.stdout, child.stderr].reduce((sum, pipe) => sum + ((pipe as Socket).bytesRead ?? 0), 0);
  return async () => {
    for (let before = -1; before !== bytes(); ) {
      before = bytes();
      if (await Promise.race([closed, delay(DRAIN_MS, false)])) return;
    }
  };
}

/** The end of `child`, or 124 at the limit, when `kill` decides who dies with it. */
async function outcome(child: ChildProcess, call: Call, kill: () => void): Promise<number> {
  const ended = new Promise<number>((resolve) => {
    child.once('exit', (code, signal) => resolve(code ?? 128 + signalNumber(signal)));
  });
  const abort = new AbortController();
  const limits =
    call.timeoutMs === undefined
      ? []
      : [delay(call.timeoutMs, 'limit' as const, abort).catch(() => 0)];
  const first = await Promise.race([ended, ...limits]);
  abort.abort();
  if (first !== 'limit') return first;
  kill();
  return 124;
}

function signalNumber(signal: NodeJS.Signals | null): number {
  return (
    { SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGABRT: 6, SIGSEGV: 11, SIGPIPE: 13, SIGTERM: 15 }[
      signal as 'SIGHUP'
    ] ?? 9
  );
}

/**
 * Everything flows through, nothing is capped. Only the direct child dies at the limit: of a
 * container that is the runtime's client, so the workload survives.
 */
async function runInteractive(call: Call, stdin: boolean, tty: boolean): Promise<number> {
  const child = spawnCall(call, [stdin ? 'pipe' : 'ignore', 'pipe', 'pipe']);
  const drained = openDrain(child);
  if (child.stdin !== null) {
    child.stdin.on('error', () => {});
    process.stdin.pipe(child.stdin);
  }
  child.stdout?.pipe(process.stdout);
  child.stderr?.pipe(tty ? process.stdout : process.stderr);
  const code = await outcome(child, call, () => {
    const target = call.record.image === null ? descendants(child.pid ?? 0)[0] : child.pid;
    killProcess(target);
  });
  await drained();
  return code;
}

async function runStreamed(call: Call): Promise<number> {
  const child = spawnCall(call, ['ignore', 'pipe', 'pipe']);
  const drained = openDrain(child);
  let room = OUTPUT_CAP;
  let exceeded = false;
  for (const [from, to] of [
    [child.stdout, process.stdout],
    [child.stderr, process.stderr],
  ] as const) {
    from?.on('data', (chunk: Buffer) => {
      to.write(chunk.subarray(0, room));
      exceeded ||= chunk.length > room;
      room = Math.max(0, room - chunk.length);
      if (exceeded) child.kill('SIGKILL');
    });
  }
  const code = await outcome(child, call, () => child.kill('SIGKILL'));
  await drained();
  if (!exceeded) return code;
  process.stderr.write(
    `error: streaming output exceeded ${OUTPUT_CAP} byte cap; exec terminated (output truncated)\n`,
  );
  return 1;
}

/** Output comes at the end; at the limit the whole tree dies. */
async function runBuffered(call: Call): Promise<number> {
  const child = spawnCall(call, ['ignore', 'pipe', 'pipe']);
  const drained = openDrain(child);
  const killTree = () => {
    for (const pid of [...descendants(child.pid ?? 0), child.pid]) killProcess(pid);
  };
  const bare = call.record.image === null;
  const collected = [child.stdout, child.stderr].map((stream) => {
    const chunks: Buffer[] = [];
    let size = 0;
    stream?.on('data', (chunk: Buffer) => {
      chunks.push(chunk.subarray(0, Math.max(0, OUTPUT_CAP - size)));
      size += chunk.length;
      // A container's reader goes away at the cap, and its writer meets a broken pipe.
      if (size > OUTPUT_CAP && !bare) stream.destroy();
    });
    return { bytes: () => Buffer.concat(chunks), size: () => size };
  });
  const code = await outcome(child, call, killTree);
  await drained();
  if (bare && collected.some(({ size }) => size() > OUTPUT_CAP)) {
    throw new SmolvmError(
      `agent operation failed: vm exec: command output exceeded ${OUTPUT_CAP} bytes and was truncated. Use streaming exec for large output`,
    );
  }
  const [stdout, stderr] = collected;
  process.stdout.write(stdout?.bytes() ?? '');
  process.stderr.write(stderr?.bytes() ?? '');
  if (code === 124 && !bare) process.stderr.write(`\ncommand timed out after ${call.timeoutMs}ms`);
  return code;
}
