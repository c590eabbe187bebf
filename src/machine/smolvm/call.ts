/**
 * One command for a smolvm guest, made ready: what smolvm gets as argv, and what as environment.
 */
import { BottleError } from '../../errors.ts';
import type { ExecOptions, GuestUser } from '../machine.ts';
import type { SmolvmCli } from './cli.ts';
import { commandProgram, type DropPrefix, type Runner, wrapperProgram } from './guest.ts';

/** A machine that has booted and been set up. */
export type Booted = {
  readonly cli: SmolvmCli;
  readonly name: string;
  readonly user: GuestUser;
  readonly drop: DropPrefix;
};

/** A container's environment takes no longer value (smolvm.md §2.4). */
const LONGEST_VALUE = 32 * 1024;
const LONGEST_NAME = 256;

export type Call = {
  readonly token: string;
  readonly runner: Runner;
  readonly argv: readonly string[];
  /** Beside the command line's own environment: carrier → value. */
  readonly env: Readonly<Record<string, string>>;
};

export function prepareCall(booted: Booted, argv: readonly string[], options: ExecOptions): Call {
  const { user, drop, cli } = booted;
  const asRoot = options.user === 'root';
  const home = asRoot ? '/root' : user.home;
  const name = asRoot ? 'root' : user.name;
  const runner: Runner = asRoot
    ? { user: 'root', mark: cli.host.randomName(16) }
    : { user: 'agent', uid: user.uid, drop };
  const env = { HOME: home, USER: name, LOGNAME: name, ...options.env, ...options.secretEnv };
  const carried = Object.entries(env).map(([name, value], index) => ({
    name,
    carrier: `BOTTLE_ENV_${index}`,
    value,
  }));
  carried.forEach(checkVariable);
  const cwd = options.cwd ?? home;
  const command = ['/bin/sh', '-c', commandProgram(carried), 'bottle', cwd];
  return {
    token: `bottle-exit:${cli.host.randomName(32)}`,
    runner,
    argv: [
      ...['/bin/sh', '-c', wrapperProgram(runner), 'bottle', cwd],
      ...(asRoot ? [] : drop),
      ...command,
      ...argv,
    ],
    env: Object.fromEntries(carried.map(({ carrier, value }) => [carrier, value])),
  };
}

function checkVariable({ name, value }: { name: string; value: string }): void {
  const bytes = Buffer.byteLength(value);
  const problem = !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)
    ? 'is not a name that a shell takes'
    : name.length > LONGEST_NAME
      ? `has a name of more than ${LONGEST_NAME} characters`
      : bytes > LONGEST_VALUE
        ? `has ${bytes} bytes, and smolvm takes ${LONGEST_VALUE}`
        : value.includes('\0')
          ? 'has a NUL byte in its value'
          : undefined;
  if (problem === undefined) return;
  throw new BottleError({
    outcome: 'config-invalid',
    what: `an environment variable cannot be given to the guest: it ${problem}`,
    where: `variable ${printableName(name)}`,
    fix: 'Correct its name, or hand a long value over in a file.',
  });
}

function printableName(name: string): string {
  return JSON.stringify(name.slice(0, 64));
}
