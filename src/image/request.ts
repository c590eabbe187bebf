/** What `ensureImage` is asked for and what it gives back. */
import type { MachineImage } from '../machine/machine.ts';
import type { StoreLimits } from './evict.ts';
import type { LockedImage } from './images-lock.ts';
import type { SmolvmCommand } from './smolvm-pack.ts';
import type { ImageSource } from './source.ts';
import type { UnpackLimits } from './unpack.ts';

export type ImageRequest = {
  /** `host`: the runner's own `/usr`; nothing is fetched. */
  readonly source: ImageSource | { readonly kind: 'host' };
  /** Lower-case hex; empty when nobody gave one. */
  readonly sha256: string;
  /** The lock file at the trusted ref; its text is empty when there is none. */
  readonly lock: { readonly file: string; readonly text: string };
  /** Must the layers be unpacked, too (bubblewrap)? */
  readonly needsRootfs: boolean;
  readonly smolvm?: SmolvmCommand;
  readonly cache: 'off' | 'read' | 'read-write';
  /** May this run save to the cache: its event is one that no outsider can cause. */
  readonly trusted: boolean;
  /** Default: `IMAGE_LIMITS`. */
  readonly limits?: Partial<ImageLimits>;
};

export type ImageLimits = {
  /** Of one pack. */
  readonly maxBytes: number;
  readonly unpack: UnpackLimits;
  readonly store: StoreLimits;
};

const GIB = 2 ** 30;
const DAY_MS = 24 * 60 * 60 * 1000;

export const IMAGE_LIMITS: ImageLimits = {
  maxBytes: 16 * GIB,
  unpack: { maxEntries: 500_000, maxBytes: 64 * GIB, maxRatio: 200 },
  store: { maxBytes: 20 * GIB, maxAgeMs: 30 * DAY_MS },
};

/** What the run record says of the image. As a `LockedImage` it is a line of the lock file. */
export type ImageFacts = LockedImage & {
  /** The layer that had it. */
  readonly hit: 'host' | 'store' | 'cache' | 'source';
  readonly milliseconds: number;
  readonly notices: readonly string[];
};

export type EnsuredImage = {
  readonly image: MachineImage;
  readonly facts: ImageFacts;
  /** Settles when the cache has taken or refused the image. Never rejects; nobody needs to wait. */
  readonly saved: Promise<boolean>;
};
