/** bwrap's options for one command in a bottle: namespaces, mounts, environment. Pure. */
import { BottleError } from '../../errors.ts';
import type { ExecOptions, GuestPath, MachineSpec } from '../machine.ts';
import type { Sources } from './launch.ts';
import type { Standing } from './machine.ts';

/** Private directories of a machine: name in its tree → places in the guest. */
const PRIVATE_DIRECTORIES = { tmp: ['/tmp', '/var/tmp'] } as const;
const FRESH_DIRECTORIES = ['/run', '/dev/shm'];
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** A host name has at most 63 characters. */
export function hostname(spec: MachineSpec): string {
  return spec.name.slice(0, 63);
}

/** All that is mounted over a root file system, so that it leaves room for it. */
export function mountPoints(spec: MachineSpec, etc: readonly string[]): GuestPath[] {
  return [
    ...['/proc', '/sys', '/dev', '/run'],
    ...PRIVATE_DIRECTORIES.tmp,
    ...[spec.user.home, spec.socket.guest],
    ...etc.map((name) => `/etc/${name}`),
    ...(spec.program === undefined ? [] : [spec.program.guest]),
  ];
}

/** @param seen the sources as bwrap finds them */
export function bottleOptions(bottle: Standing, seen: Sources, exec: ExecOptions): string[] {
  const { spec } = bottle;
  const { user } = spec;
  return checked([
    ...['--unshare-user', '--unshare-pid', '--unshare-net', '--unshare-ipc', '--unshare-uts'],
    '--unshare-cgroup-try',
    ...(canSealUserns(bottle.version) ? ['--disable-userns'] : []),
    ...['--die-with-parent', '--new-session'],
    ...['--hostname', hostname(spec), '--uid', String(user.uid), '--gid', String(user.gid)],
    ...['--json-status-fd', '4'],
    ...bottle.system,
    ...['--proc', '/proc', '--dev', '/dev'],
    ...FRESH_DIRECTORIES.flatMap((path) => ['--tmpfs', path]),
    ...PRIVATE_DIRECTORIES.tmp.flatMap((path) => ['--bind', `${seen.bottle}/tmp`, path]),
    ...['--bind', `${seen.bottle}/home`, user.home],
    ...bottle.etc.flatMap((name) => ['--ro-bind', `${seen.bottle}/etc/${name}`, `/etc/${name}`]),
    ...(seen.socket === undefined ? [] : ['--ro-bind', seen.socket, spec.socket.guest]),
    ...programOptions(bottle, seen),
    ...['--remount-ro', '/'],
    ...['--chdir', exec.cwd ?? user.home],
    ...environmentOptions(spec, exec),
  ]);
}

/** The runner's kernel keeps it as it is: no process of a guest has a right over that mount. */
function programOptions({ spec: { program } }: Standing, seen: Sources): string[] {
  if (program === undefined || seen.program === undefined) return [];
  return ['--ro-bind', seen.program, program.guest];
}

/** bwrap 0.8.0 learnt to forbid user namespaces inside, where most of the kernel's holes are. */
function canSealUserns(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > 0 || minor >= 8;
}

function environmentOptions({ user }: MachineSpec, exec: ExecOptions): string[] {
  const env = {
    ...{ HOME: user.home, USER: user.name, LOGNAME: user.name, PATH },
    ...exec.env,
    ...exec.secretEnv,
  };
  return [
    '--clearenv',
    ...Object.entries(env).flatMap(([name, value]) => {
      checkVariable(name, value);
      return ['--setenv', name, value];
    }),
  ];
}

function checkVariable(name: string, value: string): void {
  const problem = !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)
    ? 'it is not a name that a shell takes'
    : value.includes('\0')
      ? 'it has a NUL byte in its value'
      : undefined;
  if (problem === undefined) return;
  throw new BottleError({
    outcome: 'config-invalid',
    what: `An environment variable cannot be given to the guest: ${problem}`,
    where: `variable ${JSON.stringify(name.slice(0, 64))}`,
    fix: 'Correct it where it is set: in the manifest or in the step.',
  });
}

/** The options are a list that NUL bytes part: one inside an option would begin another option. */
function checked(options: string[]): string[] {
  if (options.some((option) => option.includes('\0'))) {
    throw new BottleError({
      outcome: 'config-invalid',
      what: 'A path or a name for the bottle holds a NUL byte',
      where: 'machine specification or working directory',
      fix: 'Remove it where the value is set.',
    });
  }
  return options;
}
