/** Tells the issue or pull request that started the run how it ended; what fails is a warning. */
import { messageOf } from './errors.ts';
import type { Host } from './host/host.ts';
import { commentText } from './report/comment-text.ts';
import type { RunRecord } from './report/record.ts';
import { createRedactor } from './report/redact.ts';
import { type Run, secretsOf } from './run.ts';
import { keepComment } from './write-back/comment.ts';
import { placeOf } from './write-out.ts';

/** The record with the comment's address. After a cancellation there is no time. */
export async function tellTrigger(host: Host, run: Run, record: RunRecord): Promise<RunRecord> {
  const { comment, number } = run.plan.git.push;
  if (!comment.value || number.value === 0 || host.cancelled.aborted) return record;
  try {
    const redactor = createRedactor(secretsOf(run));
    const { text } = await redactor.text(commentText(record, number.value));
    const url = await keepComment(host, {
      place: placeOf(host, run.secrets.workflowToken),
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
