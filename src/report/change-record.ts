/** What `run.json` says about the agent's change to the workspace. */
import { z } from 'zod';
import { CHECK_RULES } from '../git-check/finding.ts';
import type { Proposal } from '../proposal/proposal.ts';

const text = z.string();
const count = z.int().min(0);
const digest = z.string().regex(/^([0-9a-f]{64})?$/);
const list = <T extends z.ZodType>(of: T) => z.array(of).readonly();

const changedFile = z.strictObject({
  path: text,
  added: count.nullable().describe('Lines; null where lines mean nothing, as in a binary file'),
  removed: count.nullable(),
});

const commit = z.strictObject({ sha: text, subject: text, author: text });

const finding = z.strictObject({
  rule: z.enum(CHECK_RULES),
  action: z.enum(['block', 'review']).describe('`review`: it may pass where a person looks at it'),
  commit: text.describe('Empty: it is about all of them'),
  path: text,
  line: count.describe('0: none'),
  detail: text,
});

export const changeSchema = z.strictObject({
  verdict: z
    .enum(['none', 'clean', 'review', 'blocked', 'refused'])
    .describe('`none`: nothing was changed; `refused`: what the guest sent could not be taken'),
  reason: text.describe('Why it was refused; empty otherwise'),
  baseCommit: text.describe('What the agent began with; empty without git on the runner'),
  tip: text.describe('What the agent proposes in its place; empty without a change'),
  commits: list(commit).describe('From the base to the tip, oldest first'),
  files: list(changedFile),
  findings: list(finding),
  patchSha256: digest.describe('Of `changes.patch`; empty: there is none'),
  bundleSha256: digest.describe('Of `proposal.bundle`; empty: there is none'),
});

export type ChangeRecord = Readonly<z.output<typeof changeSchema>>;
export type ChangedFile = Readonly<z.output<typeof changedFile>>;

/** Without the digests, which are those of the files as they leave the run. */
export function makeChangeRecord(proposal: Proposal | undefined, baseCommit: string): ChangeRecord {
  const none = { reason: '', baseCommit, tip: '', commits: [], files: [], findings: [] };
  const digests = { patchSha256: '', bundleSha256: '' };
  switch (proposal?.kind) {
    case undefined:
    case 'none':
      return { verdict: 'none', ...none, ...digests };
    case 'refused': {
      const { reason, findings } = proposal;
      return { verdict: 'refused', ...none, reason, findings, ...digests };
    }
    case 'change': {
      const { verdict, tip, commits, stat: files, findings } = proposal;
      return { verdict, ...none, tip, commits, files, findings, ...digests };
    }
  }
}
