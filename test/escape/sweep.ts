/** Looks through all of a guest that its agent can read for credentials that only the gateway has. */
import { matchSecrets } from '../../src/secret/matcher.ts';
import { INJECTED, INJECTED_HEADER } from './ground.ts';
import type { Attacker } from './guest.ts';

const CREDENTIALS = matchSecrets([
  { label: 'the credential', value: INJECTED },
  { label: 'the credential in a header of its own', value: INJECTED_HEADER },
]);

/** What was injected, in whatever encoding, whole or in part. */
export function credentialsIn(bytes: Uint8Array): string[] {
  return [
    ...new Set(
      CREDENTIALS.stream()
        .push(bytes)
        .map(({ label }) => label),
    ),
  ];
}

/** Environments, arguments and memory of all processes, and all files that are the agent's. */
const SWEEP = `
def read(path):
    try:
        with open(path, 'rb') as file:
            return file.read(1 << 24)
    except OSError:
        return b''

def memory(process):
    for line in read(f'/proc/{process}/maps').decode().splitlines():
        span, access, *_ = line.split()
        start, end = (int(edge, 16) for edge in span.split('-'))
        if not access.startswith('rw') or end - start > 1 << 24:
            continue
        try:
            with open(f'/proc/{process}/mem', 'rb', 0) as file:
                file.seek(start)
                block = file.read(end - start)
                # Most of it was never written to.
                pages = (block[at:at + 4096] for at in range(0, len(block), 4096))
                yield b''.join(page for page in pages if any(page))
        except (OSError, OverflowError):
            pass

found = []
for process in filter(str.isdigit, os.listdir('/proc')):
    found += [read(f'/proc/{process}/environ'), read(f'/proc/{process}/cmdline')]
    if int(process) != os.getpid():
        found += memory(process)
for root in [os.environ['HOME'], '/tmp', '/workspace', '/run', '/var/tmp', '/dev/shm']:
    for folder, _, files in os.walk(root):
        found += [read(os.path.join(folder, name)) for name in files]
attack.answer = b'\\n'.join(found)
`;

/** All of it. */
export async function sweep(attacker: Attacker): Promise<Buffer> {
  const { bytes, errors } = await attacker.attack([['python', SWEEP]]);
  if (errors.length > 0) throw new Error(`the sweep failed: ${errors}`);
  return bytes;
}

/** Leaves a credential where a sweep must find it. */
export const PLANT = `
with open(os.path.join(os.environ['HOME'], 'notes'), 'w') as file:
    file.write('${Buffer.from(INJECTED).toString('base64')}')
`;
