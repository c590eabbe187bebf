/** Which names of a hostile archive may stand on the runner's disk. */
import { foldName, isShortName } from '../git-check/path-name.ts';
import type { TarMember } from '../tar/read.ts';

/** Why something is not kept, as the end of a sentence that begins with its path. */
export type Refusal = { readonly reason: string };

/** Bounds on one path; bytes are of UTF-8. */
export type NameLimits = {
  readonly depth: number;
  readonly nameBytes: number;
  readonly pathBytes: number;
};

/** Linux' `PATH_MAX`: none that was a file's in the guest is longer. */
const LONGEST_PATH = 4096;

/** The names along a member's path, `.` and empty ones left out; none for the root itself. */
export function splitPath(member: TarMember): readonly string[] | Refusal {
  const { path, rawPath } = member;
  // Before half a million names are looked at one by one.
  if (rawPath.length > LONGEST_PATH) return { reason: `has a path over ${LONGEST_PATH} bytes` };
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
// Windows drops dots and spaces at the end of a name: `.. ` may climb there.
const EMPTY = /^[. ]+$/;

function refuseName(name: string): Refusal | undefined {
  if (name === '..') return { reason: 'climbs with ..' };
  if (HIDDEN.test(name)) return { reason: 'has a control character in its name' };
  if (UNFIT.test(name)) return { reason: 'has one of " < > : | * ? \\ in its name' };
  if (EMPTY.test(name)) return { reason: 'has a name of dots and spaces alone' };
  const folded = foldName(name);
  if (/^(\.git|git~[0-9]+)$/.test(folded)) return { reason: 'is, or is in, a .git directory' };
  if (isShortName(folded)) return { reason: 'has a name that Windows takes for a longer one' };
  return undefined;
}
