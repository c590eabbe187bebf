/** What is asked of smolvm, as argv: pure data, so that a table can test it. */
import { BottleError } from '../../errors.ts';
import type { HostPath } from '../../host/host.ts';
import type { MachineSpec } from '../machine.ts';

/** `create` never carries a network flag: the gateway's socket is the machine's only way out. */
export function createArgv(spec: MachineSpec, pack: HostPath): string[] {
  return [
    ...['machine', 'create'],
    ...['--name', spec.name],
    ...['--from', pack],
    ...['--cpus', String(spec.cpus)],
    ...['--mem', String(spec.memoryMib)],
    ...['--storage', String(spec.storageGib)],
    ...['--mount-socket', `${spec.socket.host}:${spec.socket.guest}`],
    ...Object.entries(spec.labels).flatMap(([key, value]) => ['--label', `${key}=${value}`]),
  ];
}

export function startArgv(name: string): string[] {
  return ['machine', 'start', '--name', name];
}

export function stopArgv(name: string): string[] {
  return ['machine', 'stop', '--name', name];
}

/** Without `-f` it would only say `Cancelled`, and exit 0. */
export function deleteArgv(name: string): string[] {
  return ['machine', 'delete', '--name', name, '-f'];
}

/** Never `status`: it creates disks. */
export function listArgv(): string[] {
  return ['machine', 'ls', '--json'];
}

export type ExecCall = {
  readonly name: string;
  /** Live output without a cap, and stdin. Without it smolvm collects everything first. */
  readonly interactive: boolean;
  /** smolvm's own limit, behind ours. */
  readonly timeoutSeconds: number;
  /** Variables of the command line's environment that the guest sees under the same name. */
  readonly variables: readonly string[];
  readonly argv: readonly string[];
};

/**
 * Always from `/`: the image's own WORKDIR may be gone by now, and a missing directory is the
 * guest's error, which the guest program reports.
 */
export function execArgv(call: ExecCall): string[] {
  return [
    ...['machine', 'exec'],
    ...['--name', call.name],
    ...['--workdir', '/'],
    ...['--timeout', `${call.timeoutSeconds}s`],
    ...(call.interactive ? ['-i'] : []),
    ...call.variables.flatMap((variable) => ['--secret-env', `${variable}=${variable}`]),
    '--',
    ...call.argv,
  ];
}

/** Refuses what `--mount-socket HOST:GUEST` cannot express. */
export function checkSocketFlag(spec: MachineSpec): void {
  const { host, guest } = spec.socket;
  if (!host.includes(':') && !/[:;|]/.test(guest)) return;
  throw new BottleError({
    outcome: 'boot-failed',
    what: "the gateway's socket path has a character that smolvm cannot pass on",
    where: `${host} → ${guest}`,
    fix: 'Use paths without colon, semicolon and bar: move the runner work folder or RUNNER_TEMP.',
  });
}
