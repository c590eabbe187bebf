/** What provisioning did, for collection, the proposal and the record. */
import type { HostPath } from '../host/host.ts';

export type Provisioned = {
  /**
   * The git tree (40 or 64 hex digits) that the guest's workspace began as, with what was modified
   * and untracked on the runner; empty when the runner has no git.
   */
  readonly baseTree: string;
  /**
   * The commit that the guest's HEAD began at: the checkout's own, or a first one made for a
   * workspace whose history cannot be copied; empty when the runner has no git.
   */
  readonly baseCommit: string;
  /**
   * A bare repository of ours on the runner that has both, partly by borrowing the checkout's
   * objects; there until the job's end. Empty when the runner has no git.
   */
  readonly repository: HostPath;
  /** Paths that the guest did not get on purpose, each byte as the character of that number. */
  readonly withheld: ReadonlySet<string>;
  /** Regular files of workspace and skills, and their bytes. */
  readonly files: number;
  readonly bytes: number;
  readonly skills: readonly string[];
  /** Of the agent's program; empty where it does not say, or says it later. */
  readonly programVersion: string;
  readonly notices: readonly string[];
};
