/** A step of provisioning, as data: what is made, removed and unpacked in the guest. */
import type { GuestPath } from '../machine/machine.ts';
import type { TarEntry } from '../tar/write.ts';

export type Step = {
  /** Directories to make, with their parents, unless they exist. */
  readonly make?: readonly GuestPath[];
  /** Removed whole before anything is unpacked. */
  readonly remove?: readonly GuestPath[];
  /** Unpacked at the guest's root. */
  readonly entries?: Iterable<TarEntry> | AsyncIterable<TarEntry>;
};

/** What the steps count and say while they run. */
export type Tally = { files: number; bytes: number; readonly notices: string[] };

/** A file whose content is text. */
export function textFile(to: GuestPath, text: string, mode: number): TarEntry {
  return { kind: 'file', path: to.slice(1), mode, data: Buffer.from(text) };
}
