/**
 * The shell programs that run in a smolvm guest. Portable: dash, bash and busybox understand them.
 */
import { posix } from 'node:path';
import type { GuestUser } from '../machine.ts';

/** Leaves every character to the guest's shell as it is. */
export function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

/** A command line that runs what follows it as the agent's user. */
export type DropPrefix = readonly string[];

const DROP_TOOLS = ['setpriv', 'runuser', 'chroot', 'su'] as const;

/** By what the image has. Never `runuser -l`, which can hang (bot-bottle.md §4.6, 8). */
export function dropPrefix(
  tool: (typeof DROP_TOOLS)[number],
  path: string,
  user: GuestUser,
): DropPrefix {
  switch (tool) {
    case 'setpriv':
      return [path, `--reuid=${user.uid}`, `--regid=${user.gid}`, '--clear-groups', '--'];
    case 'runuser':
      return [path, '-u', user.name, '--'];
    case 'chroot':
      return [path, `--userspec=${user.uid}:${user.gid}`, '--skip-chdir', '/'];
    case 'su':
      return [path, '-m', '-s', '/bin/sh', '-c', 'exec "$@"', '--', user.name, 'sh'];
  }
}

/** Runs once as root after the boot; its last line names the tool and path for `dropPrefix`. */
export function setupProgram(user: GuestUser, socket: string): string {
  const { name, uid, gid, home } = user;
  const probes = DROP_TOOLS.map((tool) => {
    const command = dropPrefix(tool, '"$path"', user).map((word) =>
      word === '"$path"' ? word : quote(word),
    );
    return `try ${tool} && ${command.join(' ')} /bin/sh -c : && found ${tool}`;
  });
  return [
    'export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    'umask 022',
    'fail() { echo "$1" >&2; exit 1; }',
    'append() {',
    '  if [ -s "$1" ] && [ -n "$(tail -c 1 "$1")" ]; then echo >>"$1"; fi',
    '  echo "$2" >>"$1" || fail "cannot write $1"',
    '}',
    'mkdir -p /etc /tmp',
    '[ -s /etc/passwd ] || echo root:x:0:0:root:/root:/bin/sh >/etc/passwd',
    '[ -s /etc/group ] || echo root:x:0: >/etc/group',
    `entry=$(grep ${quote(`^${name}:`)} /etc/passwd)`,
    'case $entry in',
    `  '') append /etc/passwd ${quote(`${name}:x:${uid}:${gid}::${home}:/bin/sh`)} ;;`,
    `  ${quote(`${name}:`)}*${quote(`:${uid}:${gid}:`)}*) ;;`,
    `  *) fail ${quote(`the image has another user of the name ${name}`)} ;;`,
    'esac',
    `grep -q ${quote(`^[^:]*:[^:]*:${gid}:`)} /etc/group || append /etc/group ${quote(`${name}:x:${gid}:`)}`,
    `mkdir -p ${quote(home)} && chown ${uid}:${gid} ${quote(home)} || fail ${quote(`cannot make ${home}`)}`,
    'chmod 1777 /tmp',
    // The agent's user must be able to connect; who made the socket and its directory was root.
    `[ ! -S ${quote(socket)} ] || chmod 0666 ${quote(socket)}`,
    `chmod a+x ${quote(posix.dirname(socket))}`,
    'try() { path=$(command -v "$1"); }',
    'found() { echo "$1 $path"; exit 0; }',
    ...probes.map((probe) => `{ ${probe}; } </dev/null 2>/dev/null`),
    'fail "the image has no setpriv, runuser, chroot --userspec or su that works"',
  ].join('\n');
}

/** Reads the last line that `setupProgram` printed; undefined when it is none. */
export function readDropPrefix(stdout: string, user: GuestUser): DropPrefix | undefined {
  const last = stdout.trimEnd().split('\n').at(-1) ?? '';
  const [, word, path] = /^(\w+) (\/[\w./+-]+)$/.exec(last) ?? [];
  const tool = DROP_TOOLS.find((known) => known === word);
  return tool === undefined || path === undefined ? undefined : dropPrefix(tool, path, user);
}

/** How a command's user is told apart: by id, or by a mark in the environment (root). */
export type Runner =
  | { readonly user: 'agent'; readonly uid: number; readonly drop: DropPrefix }
  | { readonly user: 'root'; readonly mark: string };

/**
 * Takes a working directory, which must be there, and a command; runs the command and brackets its
 * stderr for `openSentinelStream`. The token is the first line of stdin:
 * other processes of the guest can read argv, and root's environment may be inherited.
 */
export function wrapperProgram(runner: Runner): string {
  const mark = runner.user === 'root' ? `${MARK_VARIABLE}=${quote(runner.mark)} ` : '';
  return [
    'IFS= read -r token || exit 1',
    '[ -d "$1" ] || { echo "bottle: no working directory: $1" >&2; exit 1; }',
    'shift',
    // The shell itself may have to say "Killed": that is not the command's stderr, hence the
    // subshell.
    'exec 3>&2 2>/dev/null',
    `printf '%s+' "$token" >&3`,
    `(${mark}"$@") 2>&3 3>&-`,
    'code=$?',
    `${killNow(runner)} </dev/null >/dev/null 3>&-`,
    `printf '%s=%03d' "$token" "$code" >&3`,
    'exit "$code"',
  ].join('\n');
}

/** Ends what a command left or still runs: asks first and insists after a second. */
export function killProgram(runner: Runner): string {
  const now = killNow(runner);
  if (runner.user === 'root') return now;
  // `kill -0 -1` would not do: it succeeds when all that is left is root's.
  const left = `grep -qs '^Uid:[[:space:]]*${runner.uid}[[:space:]]' /proc/[0-9]*/status`;
  return [
    killAll(runner.drop, 'TERM'),
    'n=0',
    `while [ "$n" -lt 10 ] && ${left}; do sleep 0.1; n=$((n + 1)); done`,
    now,
    ':',
  ].join('\n');
}

const MARK_VARIABLE = 'BOTTLE_EXEC';

/**
 * One `kill(-1)` reaches all of a user's processes at once, however fast they fork. Root's are
 * found by the mark that they inherit; a new look is taken until none is left.
 */
function killNow(runner: Runner): string {
  if (runner.user === 'agent') return killAll(runner.drop, 'KILL');
  const find = `grep -l ${quote(`${MARK_VARIABLE}=${runner.mark}`)} /proc/[0-9]*/environ 2>/dev/null`;
  const kill = `echo "$all" | while IFS=/ read -r _ _ pid _; do kill -KILL "$pid" 2>/dev/null; done`;
  const round = `all=$(${find}); [ -n "$all" ] || break; ${kill}; n=$((n + 1))`;
  return `n=0; while [ "$n" -lt 50 ]; do ${round}; done`;
}

function killAll(drop: DropPrefix, signal: string): string {
  return `${drop.map(quote).join(' ')} /bin/sh -c 'kill -${signal} -1'`;
}

/** A variable's name in the guest, and the neutral name under which root's shell hands it on. */
export type CarriedVariable = { readonly name: string; readonly carrier: string };

/**
 * Runs as the command's own user: gives variables their names, changes directory, becomes the
 * command. The neutral names keep a `PATH` or `LD_PRELOAD` for the agent away from root's shell.
 */
export function commandProgram(variables: readonly CarriedVariable[]): string {
  return [
    ...variables.map(({ name, carrier }) => `export ${name}="$${carrier}"; unset ${carrier}`),
    'cd -- "$1" || exit 126',
    'shift',
    'exec "$@"',
  ].join('\n');
}
