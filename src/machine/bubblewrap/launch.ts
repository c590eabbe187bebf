/** Starts one `bwrap` on the runner, and reads how what it started came to its end. */
import { readFileSync, rmSync } from 'node:fs';
import type { Host, HostPath, ProcessExit, SpawnOptions } from '../../host/host.ts';
import { endsWithin, isAlive } from './guest.ts';

/**
 * Who a bottle is on a runner that runs us as root: an id that Debian's policy reserves, that
 * nobody has, and that exists in the usual id maps of containers too.
 */
export const UNPRIVILEGED_ID = 65_533;

/** Where root shows a bottle's sources to that id: nothing that we bind can lie below it. */
const STAGE = '/sys';

/** What a bottle needs of the runner beside the system's own files. */
export type Sources = {
  /** The machine's private tree. */
  readonly bottle: HostPath;
  /** An unpacked image. */
  readonly rootfs?: HostPath;
  /** The agent's program, where the runner installed it. */
  readonly program?: HostPath;
  /** The gateway's socket. */
  readonly socket?: HostPath;
};

export type Launch = {
  readonly bwrap: HostPath;
  readonly sources: Sources;
  /** bwrap's options; they travel on file descriptor 3, never in an argv. */
  readonly options: readonly string[];
  readonly argv: readonly string[];
  /** Name of a file in `<bottle>/status`. */
  readonly id: string;
};

/**
 * Standard streams become pipes that belong to the bottle's own user: what Node hands out are
 * sockets, and a guest cannot open `/dev/stderr` when that is one. The copiers outlive a SIGTERM,
 * so that what was written before the end still arrives. No other descriptor of the runner goes in.
 */
const LAUNCH_SCRIPT = `
bwrap=$1 status=$2
shift 2
exec 4>"$status" || exit 125
[[ -S /dev/fd/0 ]] && exec < <(trap '' TERM; exec cat 2>/dev/null 3<&- 4>&-)
[[ -S /dev/fd/1 ]] && exec > >(trap '' TERM; exec cat 2>/dev/null 3<&- 4>&-)
[[ -S /dev/fd/2 ]] && exec 2> >(trap '' TERM; exec cat >&2 3<&- 4>&-)
for fd in /proc/self/fd/*; do
  fd=\${fd##*/}
  ((fd > 4)) && eval "exec $fd>&-"
done
exec "$bwrap" --args 3 -- "$@"
`;

/**
 * As root, in a mount namespace of our own: the sources may lie below a directory that only root
 * can pass, so each is bound to the stage before the rights are dropped for good.
 */
const STAGE_SCRIPT = `
set -e
stage=$1 id=$2 count=$3
shift 3
mount -t tmpfs -o mode=0755 bottle "$stage"
for ((; count > 0; count--)); do
  if [[ -d $2 ]]; then mkdir "$stage/$1"; else : >"$stage/$1"; fi
  mount --bind "$2" "$stage/$1"
  shift 2
done
exec setpriv --reuid "$id" --regid "$id" --clear-groups --no-new-privs \\
  --inh-caps=-all --ambient-caps=-all --bounding-set=-all -- "$@"
`;

/** Without `--norc` bash reads the runner's `.bashrc` when its stdin is a socket, as it is here. */
const BASH = ['bash', '--norc', '--noprofile', '-c'];

/** Programs that the scripts call. */
export function launchPrograms(uid: number): readonly string[] {
  return uid === 0 ? ['bash', 'cat', 'unshare', 'mount', 'setpriv'] : ['bash', 'cat'];
}

/** The sources as bwrap will see them. */
export function seenSources(sources: Sources, uid: number): Sources {
  if (uid !== 0) return sources;
  return {
    bottle: `${STAGE}/bottle`,
    ...(sources.rootfs === undefined ? {} : { rootfs: `${STAGE}/rootfs` }),
    ...(sources.program === undefined ? {} : { program: `${STAGE}/program` }),
    ...(sources.socket === undefined ? {} : { socket: `${STAGE}/socket` }),
  };
}

/** `exited`: the command ran. `not-started`: it never did, and `reason` is bwrap's own text. */
export type Ended =
  | { readonly kind: 'exited'; readonly exitCode: number; readonly exit: ProcessExit }
  | { readonly kind: 'ended-by-us'; readonly exit: ProcessExit }
  | { readonly kind: 'not-started'; readonly reason: string; readonly exit: ProcessExit };

type Streams = Pick<SpawnOptions, 'stdin' | 'onStdout' | 'onStderr' | 'timeoutMs' | 'signal'>;

/** Enough for the one line that bwrap says before it gives up. */
const REASON_BYTES = 4096;

/** bwrap dies of SIGTERM at once, and its guests with it. */
const GRACE_MS = 500;

/** The runner ends what carries it when a job ends: a last resort, should we be killed. */
function trackingId({ env }: Pick<Host, 'env'>): Record<string, string> {
  return env.RUNNER_TRACKING_ID ? { RUNNER_TRACKING_ID: env.RUNNER_TRACKING_ID } : {};
}

/** Runs the command in a bottle of its own and waits until no process of it is left. */
export async function launch(host: Host, request: Launch, streams: Streams): Promise<Ended> {
  const status = `status/${request.id}.json`;
  const inner = [
    ...[...BASH, LAUNCH_SCRIPT, 'bottle'],
    ...[request.bwrap, `${seenSources(request.sources, host.uid).bottle}/${status}`],
    ...request.argv,
  ];
  let reason = Buffer.alloc(0);
  const child = await host.spawn(host.uid === 0 ? onStage(request.sources, inner) : inner, {
    ...streams,
    cwd: '/',
    env: {
      PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      LC_ALL: 'C',
      ...trackingId(host),
    },
    fd3: Buffer.from(request.options.map((option) => `${option}\0`).join('')),
    graceMs: GRACE_MS,
    onStderr: (chunk) => {
      if (reason.length < REASON_BYTES) reason = Buffer.concat([reason, chunk]);
      return streams.onStderr?.(chunk);
    },
  });
  const settled = await child.exit.then(
    (exit) => ({ exit }),
    (error: unknown) => ({ error }),
  );
  const { guestPid, exitCode } = takeReport(`${request.sources.bottle}/${status}`);
  // bwrap is gone before its guests are. The first of them is the last to go.
  if (guestPid !== undefined) await endsWithin(() => !isAlive(guestPid), 5000);
  if ('error' in settled) throw settled.error;
  const { exit } = settled;
  if (exitCode !== undefined) return { kind: 'exited', exitCode, exit };
  if (exit.timedOut || exit.aborted) return { kind: 'ended-by-us', exit };
  // Somebody else ended the bottle's first process: bwrap reports nothing, but dies likewise.
  if ((exit.exitCode ?? 0) > 128) return { kind: 'exited', exitCode: exit.exitCode ?? 0, exit };
  return { kind: 'not-started', reason: reason.toString().slice(0, REASON_BYTES).trim(), exit };
}

function onStage(sources: Sources, inner: readonly string[]): string[] {
  const entries = Object.entries(sources);
  return [
    ...['unshare', '--mount', '--propagation', 'private', '--'],
    ...[...BASH, STAGE_SCRIPT],
    ...['bottle', STAGE, String(UNPRIVILEGED_ID), String(entries.length)],
    ...entries.flat(),
    ...inner,
  ];
}

type Report = { readonly guestPid: number | undefined; readonly exitCode: number | undefined };

/** bwrap writes `exit-code` only for a command that it did start (`--json-status-fd`). */
function takeReport(file: HostPath): Report {
  let text = '';
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    // It did not get as far as that.
  }
  rmSync(file, { force: true });
  const numberAt = (key: string) => {
    const found = new RegExp(`"${key}": ([0-9]+)`).exec(text)?.[1];
    return found === undefined ? undefined : Number(found);
  };
  return { guestPid: numberAt('child-pid'), exitCode: numberAt('exit-code') };
}
