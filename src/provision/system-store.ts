/** The guest's own store of trusted certificates, for programs that read no variable. Needs root. */
import type { Machine } from '../machine/machine.ts';
import { caFiles } from './ca.ts';
import { cancelled, makeTail } from './guest-unpack.ts';

const TIMEOUT_MS = 30_000;

/**
 * Arguments: the authority's file, the whole bundle. The distribution's program knows all that is
 * to be written, but for Debian's hooks: they would have Java make a store, which takes seconds, and
 * `ca.ts` has made one. A store that it left out, or for which there is no program, is added to by
 * hand. An image's own PATH may leave out where root's programs are.
 */
const SCRIPT = `set -u
umask 022
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
for anchors in /usr/local/share/ca-certificates /etc/pki/ca-trust/source/anchors \\
  /etc/ca-certificates/trust-source/anchors /etc/pki/trust/anchors; do
  [ ! -d "$anchors" ] || cp -- "$1" "$anchors/bottle.crt"
done
if command -v update-ca-certificates; then update-ca-certificates --hooksdir /none
elif command -v update-ca-trust; then update-ca-trust extract
fi >/dev/null
line=$(sed -n 2p "$1")
store=
for file in /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt \\
  /etc/ssl/ca-bundle.pem /etc/ssl/cert.pem; do
  [ -f "$file" ] || continue
  store=$file
  grep -qF "$line" "$file" || { echo; cat "$1"; } >>"$file" || exit
done
[ -z "$store" ] || exit 0
mkdir -p /etc/ssl/certs && cp -- "$2" /etc/ssl/certs/ca-certificates.crt
`;

/** Yields a notice when it did not work: the variables are enough for most programs. */
export async function trustInSystem(
  machine: Machine,
  home: string,
  signal: AbortSignal,
): Promise<string[]> {
  const { own, bundle } = caFiles(home);
  const stderr = makeTail();
  const result = await machine.exec(['sh', '-c', SCRIPT, 'system-store', own, bundle], {
    user: 'root',
    cwd: '/',
    onStdout: () => {},
    onStderr: stderr.add,
    timeoutMs: TIMEOUT_MS,
    signal,
  });
  if (result.aborted) throw cancelled();
  if (result.exitCode === 0 && !result.timedOut) return [];
  const how = result.timedOut ? 'it took too long' : `exit code ${result.exitCode}`;
  return [
    `The guest's own certificate store was not changed (${how}, ${stderr.text()}): programs that ` +
      'read nothing else refuse what the gateway opens.',
  ];
}
