/** Writes the change back to GitHub, where the plan wants it and the run's end allows it. */
import { BottleError } from './errors.ts';
import type { Host } from './host/host.ts';
import type { PushPlan } from './plan/git-plan.ts';
import type { Change, Proposal } from './proposal/proposal.ts';
import { makeChangeRecord } from './report/change-record.ts';
import { cleanMessage } from './report/outgoing-text.ts';
import { pullRequestText } from './report/pull-request-text.ts';
import type { RunRecord } from './report/record.ts';
import { createRedactor } from './report/redact.ts';
import { type Run, secretsOf } from './run.ts';
import { writeBack } from './write-back/write-back.ts';
import {
  nothingWritten,
  type Place,
  type WriteBack,
  type WriteBackRequest,
} from './write-back/written.ts';

/** Throws what kept it from being written, after noting what was. */
export async function writeOut(host: Host, run: Run): Promise<void> {
  const { plan, made } = run;
  const { mode } = plan.git.push;
  if (mode.value === 'none' || made.agent === undefined) return;
  await run.phase('write back', async () => {
    const { outcome } = run.ending();
    const { proposal } = made;
    if (outcome !== 'success') return nothingWritten('held-back', `the run ended with ${outcome}`);
    if (proposal?.kind !== 'change') return withoutChange(proposal);
    const written = await writeBack(host, await requestOf(host, run, proposal));
    made['write back'] = written;
    if (written.error !== undefined) throw written.error;
    return written;
  });
}

function withoutChange(proposal: Exclude<Proposal, Change> | undefined): WriteBack {
  if (proposal?.kind !== 'refused') return nothingWritten('nothing');
  throw new BottleError({
    outcome: 'push-failed',
    what: "The agent's work could not be taken, so nothing of it was written back",
    where: proposal.reason,
    fix: 'Read the findings in the summary; what came out of the bottle is in the artifact.',
  });
}

/** Where this workflow's repository is, and who asks. */
export function placeOf({ env }: Pick<Host, 'env'>, token: string): Place {
  return {
    repository: env.GITHUB_REPOSITORY ?? '',
    server: env.GITHUB_SERVER_URL ?? 'https://github.com',
    token,
    // Without the ref: a workflow keeps its branches when it is changed.
    workflow: (env.GITHUB_WORKFLOW_REF ?? '').replace(/@.*$/, ''),
  };
}

/** Of the workflow's run; empty off GitHub. */
export function runUrlOf({ env }: Pick<Host, 'env'>): string {
  const { GITHUB_SERVER_URL, GITHUB_REPOSITORY, GITHUB_RUN_ID } = env;
  if (!GITHUB_SERVER_URL || !GITHUB_REPOSITORY || !GITHUB_RUN_ID) return '';
  return `${GITHUB_SERVER_URL}/${GITHUB_REPOSITORY}/actions/runs/${GITHUB_RUN_ID}`;
}

async function requestOf(host: Host, run: Run, change: Change): Promise<WriteBackRequest> {
  const { plan, made, secrets } = run;
  const { text: result } = await createRedactor(secretsOf(run)).text(made.collect?.result ?? '');
  return requestFor(host, {
    change,
    push: plan.git.push,
    place: placeOf(host, secrets.workflowToken),
    author: plan.provision.gitUser,
    record: { agent: { name: plan.agent.name.value }, runId: plan.runId, result },
  });
}

export type WritingOut = {
  readonly change: Change;
  readonly push: PushPlan;
  readonly place: Place;
  /** Of what goes by `git push`; absent: nobody is named. */
  readonly author?: WriteBackRequest['author'];
  /** `result`: without secrets. */
  readonly record: Pick<RunRecord, 'runId' | 'result'> & {
    readonly agent: Pick<RunRecord['agent'], 'name'>;
  };
};

export function requestFor(host: Host, given: WritingOut): WriteBackRequest {
  const { change, push, place, author = { name: '', email: '' }, record } = given;
  const { runId, result, agent } = record;
  const number = push.number.value;
  const facts = { agent: agent.name, runId, runUrl: runUrlOf(host), number, result };
  return {
    ...{ change, push, place, author, runId },
    cleanMessage: (message) => cleanMessage(message, number),
    ...pullRequestText({
      ...{ ...facts, title: push.title.value },
      change: makeChangeRecord(change, change.base),
    }),
  };
}
