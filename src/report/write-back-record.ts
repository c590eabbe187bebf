/** What `run.json` says about the branch and the pull request that came of the change. */
import { z } from 'zod';
import type { PushPlan } from '../plan/git-plan.ts';
import type { WriteBack } from '../write-back/written.ts';

const text = z.string();

const pullRequest = z.strictObject({
  number: z.int(),
  url: text,
  state: z
    .enum(['created', 'updated', 'kept'])
    .describe('`kept`: somebody has rewritten its text, so that was left alone'),
});

export const writeBackSchema = z.strictObject({
  mode: z.enum(['none', 'branch', 'pull-request']).describe('What was asked for'),
  state: z
    .enum(['none', 'nothing', 'held-back', 'unchanged', 'written', 'failed'])
    .describe(
      '`none`: nobody asked, or the run did not come so far; `nothing`: there was no change; `held-back`: the run did not end in success; `unchanged`: the branch had it already; `failed`: what stands below was still done',
    ),
  reason: text.describe('Why it was held back or failed; empty otherwise'),
  branch: text.describe('That holds the change; empty: none does'),
  commit: text.describe('The last one of the branch, as GitHub has it'),
  by: z.enum(['api', 'git-push', '']).describe('GitHub signs the commits of its API'),
  pullRequest: pullRequest.nullable(),
  comment: text.describe('Where the run was told of; empty: nowhere'),
});

export type WriteBackRecord = Readonly<z.output<typeof writeBackSchema>>;

export function makeWriteBackRecord(
  written: WriteBack | undefined,
  { mode }: PushPlan,
): WriteBackRecord {
  const none = { reason: '', branch: '', commit: '', by: '', comment: '' } as const;
  if (written === undefined) {
    return { mode: mode.value, state: 'none', ...none, pullRequest: null };
  }
  const { state, branch, commit, by, error } = written;
  return {
    ...{ mode: mode.value, state, branch, commit, by },
    reason: error?.what ?? written.reason,
    comment: '',
    pullRequest: written.pullRequest ?? null,
  };
}
