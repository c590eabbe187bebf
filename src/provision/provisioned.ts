/** What provisioning did, for collection and the record. */

export type Provisioned = {
  /** The git tree (40 or 64 hex digits) that the guest's workspace began as; empty when it is not a git tree. */
  readonly baseTree: string;
  /** The commit that HEAD began at; empty outside git. */
  readonly baseCommit: string;
  readonly files: number;
  readonly bytes: number;
  readonly skills: readonly string[];
  readonly notices: readonly string[];
};
