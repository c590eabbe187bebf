/** `machine cp`: one regular file in or out. */
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { type Command, numberOf, SmolvmError, value } from './command.ts';
import { runInGuest } from './guest.ts';
import { getGuest } from './machine.ts';
import { getRecord } from './record.ts';

const UPLOAD_ONLY = ['mode', 'uid', 'gid'];

export const cp: Command = {
  name: 'machine cp',
  options: UPLOAD_ONLY.map((long) => value(long)),
  operands: 2,
  async run(args) {
    const [source = '', target = ''] = args.operands;
    const inGuest = [source, target].map(splitPath);
    const upload = inGuest[0] === undefined;
    const place = inGuest[0] ?? inGuest[1];
    if (place === undefined) {
      throw new SmolvmError(
        'config operation failed: one of SRC or DST must use machine:path syntax',
      );
    }
    if (!upload && UPLOAD_ONLY.some((long) => args.has(long))) {
      throw new SmolvmError(
        'config operation failed: --mode, --uid and --gid apply to uploads only',
      );
    }
    const guest = await getGuest(getRecord(place.machine));
    if (upload) {
      const owner = `${numberOf(args, 'uid', 0)}:${numberOf(args, 'gid', 0)}`;
      sendFile(guest, source, place.path, args.get('mode') ?? '644', owner);
    } else {
      fetchFile(guest, place.path, target);
    }
    return 0;
  },
};

function splitPath(side: string): { machine: string; path: string } | undefined {
  const at = side.indexOf(':');
  if (at === -1) return undefined;
  const path = side.slice(at + 1);
  if (path.split('/').some((part) => part === '.' || part === '..')) {
    throw new SmolvmError(`config operation failed: invalid guest path: ${path}`);
  }
  return { machine: side.slice(0, at), path: path.startsWith('/') ? path : `/${path}` };
}

/** Written beside the target and renamed, so that a torn transfer leaves the old file. */
const RECEIVE = [
  'mkdir -p "$(dirname "$1")"',
  '[ ! -d "$1" ] || exit 9',
  'cat >"$1.smolvm-part" && chmod "$2" "$1.smolvm-part" && chown "$3" "$1.smolvm-part"',
  'mv -f "$1.smolvm-part" "$1"',
].join(' && ');

function sendFile(guest: number, from: string, to: string, mode: string, owner: string): void {
  if (!statSync(from, { throwIfNoEntry: false })?.isFile()) {
    throw new SmolvmError(`config operation failed: ${from} is not a regular file`);
  }
  const argv = ['/bin/sh', '-c', RECEIVE, 'cp', to, mode, owner];
  const result = runInGuest(guest, argv, readFileSync(from));
  if (result.status === 0) return;
  throw new SmolvmError(`agent operation failed: write file: ${String(result.stderr).trim()}`);
}

function fetchFile(guest: number, from: string, to: string): void {
  const result = runInGuest(guest, ['/bin/sh', '-c', '[ -f "$0" ] && cat <"$0"', from]);
  if (result.status !== 0) {
    throw new SmolvmError(`agent operation failed: read file: ${from}: No such file or directory`);
  }
  writeFileSync(to, result.stdout);
}
