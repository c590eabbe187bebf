/** The story of `apply`: the proposal of another job is checked as if nobody had, and written back. */
import { BottleError } from '../errors.ts';
import type { Host, Services } from '../host/host.ts';
import { loadManifest } from '../manifest/load.ts';
import { selectBottle } from '../manifest/select.ts';
import { toBottleError } from '../outcome.ts';
import { planPolicy } from '../plan/git.ts';
import type { PushPlan } from '../plan/git-plan.ts';
import { planPush } from '../plan/push.ts';
import type { Change } from '../proposal/proposal.ts';
import { makeChangeRecord } from '../report/change-record.ts';
import type { RunRecord } from '../report/record.ts';
import { reportEarly } from '../report/report.ts';
import { makeWriteBackRecord } from '../report/write-back-record.ts';
import { openStepDirectory, type StepDirectory } from '../state.ts';
import { tellTrigger } from '../tell-trigger.ts';
import { triggerOf } from '../trigger.ts';
import { readEvent } from '../trust/read-event.ts';
import { openTrusted } from '../trusted.ts';
import { requireAncestor } from '../write-back/ancestor.ts';
import { writeBack } from '../write-back/write-back.ts';
import { nothingWritten, type WriteBack } from '../write-back/written.ts';
import { placeOf, requestFor } from '../write-out.ts';
import { fetchProposal } from './artifact.ts';
import { type ApplyInputs, readApplyInputs } from './inputs.ts';
import { hasChange, readRecord } from './record.ts';
import { notApplied } from './refusal.ts';
import { tellApplied } from './tell.ts';
import { validate } from './validate.ts';

export async function applyAction(host: Host, services: Services): Promise<void> {
  const failure = await takeStep(host, services).catch((thrown) => tellFailure(host, thrown));
  if (failure !== undefined) host.setFailed(failure);
}

/** The failure of the step in one line, or undefined. */
async function takeStep(host: Host, services: Services): Promise<string | undefined> {
  const inputs = readApplyInputs(host);
  if (inputs.token !== '') host.setSecret(inputs.token);
  const own = await openStepDirectory(host);
  const files = await fetchProposal(host, services, inputs, own.path);
  const record = await readRecord(host, files);
  const { push, policy } = await decide(host, inputs, record, own);
  const place = placeOf(host, inputs.token);
  const { baseCommit: base, tip } = record.change;
  let change: Change | undefined;
  let written: WriteBack = nothingWritten('nothing');
  if (hasChange(record)) {
    await requireAncestor(host, place, { commit: base, of: push.base.value });
    const secrets = [{ name: 'the input token', value: inputs.token }].filter(hasValue);
    const request = { bundle: files.bundle, base, tip, place, own: own.path };
    const { checkout } = inputs;
    change = await validate(host, { ...request, checkout, policy: { ...policy, secrets } });
    written = await writeBack(host, requestFor(host, { change, push, place, record }));
  }
  return await tell(host, { record, change, written, push, inputs });
}

const hasValue = ({ value }: { readonly value: string }) => value !== '';

/** What rules here is this job's trusted commit and its inputs; nothing that the artifact says. */
async function decide(host: Host, inputs: ApplyInputs, record: RunRecord, own: StepDirectory) {
  const event = readEvent(host);
  const trusted = await openTrusted(host, inputs, event, own.path);
  try {
    const trust = trusted.judge(inputs.checkout);
    if (trust.dropCredentials) {
      throw notApplied("Of a fork's run nothing is written back", `event ${event.kind}`);
    }
    const manifest = await loadManifest(trusted.files, { path: inputs.manifest });
    const selected = selectBottle(manifest, inputs);
    if (record.agent.name !== selected.agentName) {
      const where = `run.json: ${record.agent.name}, this job: ${selected.agentName}`;
      throw notApplied('The proposal is of another agent', where, 'Correct the input `agent`.');
    }
    const trigger = triggerOf(event);
    const push = planPush({ inputs, selected, trigger, trust }, record.runId);
    for (const { message } of push.notices) host.log.notice(message);
    return { push: push.plan, policy: planPolicy(selected).value };
  } finally {
    await trusted.close();
  }
}

type Telling = {
  readonly record: RunRecord;
  readonly change: Change | undefined;
  readonly written: WriteBack;
  readonly push: PushPlan;
  readonly inputs: ApplyInputs;
};

async function tell(
  host: Host,
  { record, change, written, push, inputs }: Telling,
): Promise<string | undefined> {
  const { error } = written;
  const now: RunRecord = {
    ...record,
    ...(error === undefined
      ? { outcome: 'success', reason: record.reason, where: '', fix: '' }
      : { outcome: 'push-failed', reason: error.what, where: error.where, fix: error.fix }),
    change: makeChangeRecord(change ?? { kind: 'none', notices: [] }, record.change.baseCommit),
    writeBack: makeWriteBackRecord(written, push),
  };
  const place = { token: inputs.token, secrets: [{ name: 'token', value: inputs.token }] };
  await tellApplied(host, await tellTrigger(host, { push, ...place }, now), written);
  return error && `${error.what} · ${error.where} · ${error.fix}`;
}

async function tellFailure(host: Host, thrown: unknown): Promise<string> {
  return await reportEarly(host, host.cancelled.aborted ? CANCELLED : toBottleError(thrown));
}

const CANCELLED = new BottleError({
  outcome: 'cancelled',
  what: 'The step was cancelled',
  where: 'signal from the runner',
  fix: 'Run it again if this was not meant.',
});
