/** The comment on what started the run: how it ended, what it made, where to look. */
import { code } from './guest-text.ts';
import { artifactsUrl, runUrl } from './link.ts';
import { cleanMarkdown } from './outgoing-text.ts';
import { statOf } from './pull-request-text.ts';
import type { RunRecord } from './record.ts';

/** Of a comment; all of the result is in the artifact and the pull request. */
const LARGEST_RESULT = 4000;

/** The record's texts, but for `result`, need not be without secrets; that has to be. */
export function commentText(record: RunRecord, number: number): string {
  const { agent, outcome, reason, fix, result, change } = record;
  const ended = outcome === 'success' ? '' : `**${code(outcome)}**: ${code(reason)} ${code(fix)}`;
  const short = result.length > LARGEST_RESULT ? `${result.slice(0, LARGEST_RESULT)}…` : result;
  return [
    `The agent ${code(agent.name)} ended with ${code(outcome)}.`,
    ended,
    outcome === 'success' || outcome === 'push-failed' ? cleanMarkdown(short, number) : '',
    written(record),
    change.verdict === 'blocked' ? '' : statOf(change),
    links(record),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

function written({ writeBack: { branch, pullRequest } }: RunRecord): string {
  if (pullRequest !== null) return `Pull request: #${pullRequest.number}`;
  return branch === '' ? '' : `Branch: ${code(branch)}`;
}

function links(record: RunRecord): string {
  const [run, artifacts] = [runUrl(record), artifactsUrl(record)];
  return run === '' ? `Run ${code(record.runId)}` : `[Run](${run}) · [artifacts](${artifacts})`;
}
