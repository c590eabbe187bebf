/** What came back from a bottle. */
import type { HostPath } from '../host/host.ts';

/** A regular file that was kept. */
export type CollectedFile = {
  /** Relative, POSIX, below the artifact's root. */
  readonly path: string;
  readonly size: number;
  /** Lower-case hex. */
  readonly sha256: string;
};

/** Something in the guest that was not taken, and why. */
export type RefusedEntry = { readonly path: string; readonly reason: string };

/** Bundles that the guest's git wrote. */
export type SentBundles = {
  /** One commit: all files as the agent left them, committed or not. */
  readonly work: HostPath;
  /** The commits that the agent made itself. */
  readonly commits: HostPath;
  /** The guest says that there is nothing to send. */
  readonly unchanged: boolean;
};

export type Collected = {
  /** The directory on the runner that holds everything below. */
  readonly directory: HostPath;
  readonly files: readonly CollectedFile[];
  /** Paths of those that were searched while they came: they hold no secret. */
  readonly clean: ReadonlySet<string>;
  readonly refused: readonly RefusedEntry[];
  /** Where the bundles of the agent's work are on the runner, unread; empty: none came. */
  readonly sent: SentBundles;
  /** The agent's one-text answer; empty when it left none. */
  readonly result: string;
  /** Things a person should know: no git in the guest, no output matched. */
  readonly notices: readonly string[];
};
