/** Which names of a hostile archive may stand on the runner's disk. */
import type { TarMember } from '../tar/read.ts';

/** Why something is not kept, as the end of a sentence that begins with its path. */
export type Refusal = { readonly reason: string };

/** Bounds on one path; bytes are of UTF-8. */
export type NameLimits = {
  readonly depth: number;
  readonly nameBytes: number;
  readonly pathBytes: number;
};

/** The names along a member's path, `.` and empty ones left out; none for the root itself. */
export function splitPath(member: TarMember): readonly string[] | Refusal {
  const { path, rawPath } = member;
  if (!Buffer.from(path).equals(rawPath)) return { reason: 'has a name that is not UTF-8' };
  if (path === '') return { reason: 'has no name' };
  if (path.startsWith('/')) return { reason: 'has an absolute path' };
  const names = path.split('/').filter((name) => name !== '' && name !== '.');
  const refusals = names.map(refuseName);
  return refusals.find((refusal) => refusal !== undefined) ?? names;
}

/** Whether a path stays within the bounds. */
export function refuseSize(names: readonly string[], limits: NameLimits): Refusal | undefined {
  if (names.length > limits.depth) return { reason: `is deeper than ${limits.depth} levels` };
  if (Buffer.byteLength(names.join('/')) > limits.pathBytes) {
    return { reason: `has a path over ${limits.pathBytes} bytes` };
  }
  if (names.some((name) => Buffer.byteLength(name) > limits.nameBytes)) {
    return { reason: `has a name over ${limits.nameBytes} bytes` };
  }
  return undefined;
}

// Names that change how a line reads, that the artifact service takes from nobody, or that are a
// separator on Windows, where an artifact may be unpacked.
const HIDDEN = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u;
const UNFIT = /["<>:|*?\\]/;

function refuseName(name: string): Refusal | undefined {
  if (name === '..') return { reason: 'climbs with ..' };
  if (HIDDEN.test(name)) return { reason: 'has a control character in its name' };
  if (UNFIT.test(name)) return { reason: 'has one of " < > : | * ? \\ in its name' };
  if (isGitDirectory(name)) return { reason: 'is, or is in, a .git directory' };
  return undefined;
}

/** `.git`, or what HFS+ (ignorable characters) or NTFS (short name, last dots) takes for it. */
function isGitDirectory(name: string): boolean {
  const seen = foldName(name.replace(/[\p{Cf}\p{Default_Ignorable_Code_Point}]/gu, ''));
  return /^(\.git|git~[0-9]+)[. ]*$/.test(seen);
}

/** One spelling for all that a file system may take for the same name: case and Unicode form. */
export function foldName(name: string): string {
  return name.normalize('NFD').toUpperCase().toLowerCase().normalize('NFC');
}
