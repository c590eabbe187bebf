/** Tells the issue or pull request that started the run how it ended; what fails is a warning. */
import { messageOf } from './errors.ts';
import type { NamedSecret } from './gateway/protocol.ts';
import type { Host } from './host/host.ts';
import type { PushPlan } from './plan/git-plan.ts';
import { commentText } from './report/comment-text.ts';
import type { RunRecord } from './report/record.ts';
import { createRedactor } from './report/redact.ts';
import { keepComment } from './write-back/comment.ts';
import { placeOf } from './write-out.ts';

export type Telling = {
  readonly push: PushPlan;
  readonly token: string;
  /** The token among them. */
  readonly secrets: readonly NamedSecret[];
};

/** The record with the comment's address. After a cancellation there is no time. */
export async function tellTrigger(
  host: Host,
  { push, token, secrets }: Telling,
  record: RunRecord,
): Promise<RunRecord> {
  const { comment, number } = push;
  if (!comment.value || number.value === 0 || host.cancelled.aborted) return record;
  try {
    const redactor = createRedactor(secrets);
    const { text } = await redactor.text(commentText(record, number.value));
    const url = await keepComment(host, {
      place: placeOf(host, token),
      number: number.value,
      agent: record.agent.name,
      body: text,
    });
    host.log.info(`The comment is ${url}`);
    return { ...record, writeBack: { ...record.writeBack, comment: url } };
  } catch (error) {
    host.log.warning(`The comment on #${number.value} was not written: ${messageOf(error)}`);
    return record;
  }
}
