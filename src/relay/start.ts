/** The program that starts a relay in the guest, waits until it listens, and becomes the agent. */
import { NODE_RELAY } from './node.ts';
import { PERL_RELAY } from './perl.ts';
import { PYTHON_RELAY } from './python.ts';
import { SOCAT_RELAY } from './socat.ts';

/** The variable that the token comes in; gone before anything else runs. */
export const TOKEN_VARIABLE = 'BOTTLE_RELAY_TOKEN';
/** The variable that says to what runs behind the relay which program it is. */
export const PROGRAM_VARIABLE = 'BOTTLE_RELAY';
/** What stderr says when the relay listens; all that follows is of the command behind it. */
export const LISTENING = 'bottle-relay: listening\n';
/** Exit codes before that: no program to relay with, or none that worked. */
export const NO_PROGRAM = 90;
export const NO_RELAY = 91;

/**
 * Arguments: port, socket, a script for each program, the command. For dash, bash and busybox.
 * All happens in a subshell: an assignment to a name that the agent's environment has would change
 * it. The relay gets nothing of that environment, none of the agent's streams and a session of its
 * own. On descriptor 3 it says that it listens, or why not.
 */
const START = `
relay() {
  cd /
  ulimit -n "$(ulimit -Hn)"
  exec $session env -i HOME="$HOME" PATH="$PATH" "$@" 3>&1 >/dev/null 2>&1 <<TOKEN
$token
TOKEN
}
try() {
  program=$1
  command -v "$program" >/dev/null || return
  [ "$program" != socat ] || set -- sh -c "$2" socat
  said=$(relay "$@" "$port" "$socket" &)
  [ "$said" = listening ] && printf %s "$program" && exit
  failed="$failed$program: $said. "
}
start() {
  token=$${TOKEN_VARIABLE} port=$1 socket=$2 failed=
  unset ${TOKEN_VARIABLE}
  session=$(command -v setsid)
  try python3 -I -S -c "$3"
  try perl -e "$4"
  try node -e "$5"
  try socat "$6"
  echo "$failed" >&2
  [ -z "$failed" ] && exit ${NO_PROGRAM}
  exit ${NO_RELAY}
}
${PROGRAM_VARIABLE}=$(start "$@") || exit
unset ${TOKEN_VARIABLE}
export ${PROGRAM_VARIABLE}
shift 6
printf '${LISTENING.trimEnd()}\\n' >&2
exec "$@"
`;

/** A command line that runs `argv` behind a relay; it takes `TOKEN_VARIABLE` from its environment. */
export function startArgv(port: number, socket: string, argv: readonly string[]): string[] {
  return [
    ...['/bin/sh', '-c', START, 'bottle-relay', String(port), socket],
    ...[PYTHON_RELAY, PERL_RELAY, NODE_RELAY, SOCAT_RELAY],
    ...argv,
  ];
}
