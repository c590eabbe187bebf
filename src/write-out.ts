/** Writes the change back to GitHub, where the plan wants it and the run's end allows it. */
import { BottleError } from './errors.ts';
import type { Host } from './host/host.ts';
import type { Plan } from './plan/plan.ts';
import type { Change, Proposal } from './proposal/proposal.ts';
import { makeChangeRecord } from './report/change-record.ts';
import { cleanMessage } from './report/outgoing-text.ts';
import { pullRequestText } from './report/pull-request-text.ts';
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

async function requestOf(host: Host, run: Run, proposal: Change): Promise<WriteBackRequest> {
  const { plan, made, secrets } = run;
  const redactor = createRedactor(secretsOf(run));
  const { text: result } = await redactor.text(made.collect?.result ?? '');
  return {
    ...commonOf(host, plan, secrets.workflowToken),
    change: proposal,
    runId: plan.runId,
    ...pullRequestText({
      ...{ agent: plan.agent.name.value, runId: plan.runId, runUrl: runUrlOf(host) },
      ...{ number: plan.git.push.number.value, title: plan.git.push.title.value, result },
      change: makeChangeRecord(proposal, proposal.base),
    }),
  };
}

function commonOf(host: Host, plan: Plan, token: string) {
  const { push } = plan.git;
  return {
    push,
    place: placeOf(host, token),
    author: plan.provision.gitUser,
    cleanMessage: (message: string) => cleanMessage(message, push.number.value),
  };
}
