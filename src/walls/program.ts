/** The command that tries, in the guest, what a bottle must not be able to do. */
import { NODE_PROBES } from './node.ts';
import { PERL_PROBES } from './perl.ts';
import type { Question } from './probe.ts';
import { PYTHON_PROBES } from './python.ts';
import { SOCAT_PROBES } from './socat.ts';

/** Takes the program that relays: whatever it is, it can connect. */
const CHOOSE = `
program=$BOTTLE_RELAY python=$1 perl=$2 node=$3 socat=$4
shift 4
case $program in
  python3) exec python3 -I -S -c "$python" "$@" ;;
  perl) exec perl -e "$perl" "$@" ;;
  node) exec node -e "$node" "$@" ;;
  socat) exec sh -c "$socat" socat "$@" ;;
esac
`;

export function probesArgv(questions: readonly Question[]): string[] {
  return [
    ...['/bin/sh', '-c', CHOOSE, 'bottle-walls'],
    ...[PYTHON_PROBES, PERL_PROBES, NODE_PROBES, SOCAT_PROBES],
    ...questions.flatMap(({ transport, address, port, request }) => [
      ...[transport, address, String(port), escapeBytes(request)],
    ]),
  ];
}

/** As `printf` reads it: an argument cannot have a NUL byte, and a line end should stay one. */
function escapeBytes(bytes: string): string {
  return bytes.replace(
    /[^A-Za-z0-9 :;/.-]/g,
    (byte) => `\\${byte.charCodeAt(0).toString(8).padStart(3, '0')}`,
  );
}
