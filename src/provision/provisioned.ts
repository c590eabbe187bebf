/** What provisioning did, for collection and the record. */

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
  /** Regular files of workspace and skills, and their bytes. */
  readonly files: number;
  readonly bytes: number;
  readonly skills: readonly string[];
  readonly notices: readonly string[];
};
