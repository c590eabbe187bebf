/** What a hostile case is made of: a runner's checkout, a bundle out of the guest, and what must follow. */
import type { CheckRule } from '../../src/git-check/finding.ts';
import type { CheckPolicy } from '../../src/git-check/policy.ts';
import type { CommitFields, Files, ObjectStore } from '../git-check/object-store.ts';

export type World = ObjectStore & {
  readonly base: string;
  /** A commit on top of the base, with these files beside the base's. */
  save(files: Files, fields?: Partial<CommitFields>): string;
  /** A bundle of all new objects, with these refs. */
  bundle(refs: Readonly<Record<string, string>>, pack?: Buffer): Buffer;
  /** The new objects as a pack. */
  newPack(): Buffer;
  /** The program that must never run. */
  readonly trap: string;
  /** The work tree of the runner's checkout. */
  readonly checkout: string;
};

export type HostileCase = {
  /** A CVE's number, or what is tried. */
  readonly name: string;
  /** At least one of these must be found; none: it does no harm, and the work comes back. */
  readonly rules: readonly CheckRule[];
  readonly policy?: Partial<CheckPolicy>;
  /** What the runner's checkout has in its `.git`. */
  readonly prepare?: (world: World) => void;
  /** Added to the configuration of the checkout, and to ours by `spoil`. */
  readonly config?: (world: World) => string;
  /** What our own repository has, where a test can put it there: as if somebody had got that far. */
  readonly spoil?: (directory: string, world: World) => void;
  /** git's arguments that spring the trap in the checkout where nothing is hardened. */
  readonly proof?: readonly string[];
  /** The guest's bundle, or a commit for one; default: a change that nobody minds. */
  readonly deliver?: (world: World) => Buffer | string;
};

/** Cases that differ in one value. */
export function each<T>(
  values: readonly T[],
  toCase: (value: T) => HostileCase,
): readonly HostileCase[] {
  return values.map(toCase);
}
