/** What `run.json` says about the agent's session: which one it continued, and whether it is kept. */
import { z } from 'zod';
import type { Plan } from '../plan/plan.ts';
import type { KeptSession } from '../session/session.ts';

const text = z.string();
const count = z.int().min(0);

export const sessionRecordSchema = z.strictObject({
  state: z.enum(['off', 'kept', 'not-kept']).describe('`off`: nobody asked for it'),
  reason: text.describe('Why it is not kept'),
  files: count,
  bytes: count,
  continued: z
    .strictObject({
      artifact: text,
      workflowRun: text.describe('That left it'),
      session: text.describe('What the agent calls it'),
      sha256: z
        .string()
        .regex(/^[0-9a-f]{64}$/)
        .describe('Of its `session.json`'),
      reason: text.describe('Why this run may'),
    })
    .nullable()
    .describe('The session that the agent went on with; null: it began one'),
});

/** Pure. `kept` is absent where the run did not come so far. */
export function makeSessionRecord(
  { keep, continues }: Plan['session'],
  kept: KeptSession | undefined,
): z.output<typeof sessionRecordSchema> {
  const reason = kept?.reason ?? 'the run ended before';
  const state = !keep.value ? 'off' : reason === '' ? 'kept' : 'not-kept';
  return {
    state,
    reason: keep.value ? reason : '',
    files: kept?.files ?? 0,
    bytes: kept?.bytes ?? 0,
    continued: continues && {
      artifact: continues.artifact,
      workflowRun: continues.workflowRun,
      session: continues.session,
      sha256: continues.sha256,
      reason: continues.reason,
    },
  };
}
