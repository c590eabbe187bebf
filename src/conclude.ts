/** Puts together what is known at the end of a run, and tells it. */
import type { AgentRun } from './agent/run.ts';
import { BottleError, OUTCOMES, type Outcome } from './errors.ts';
import type { Host, Services } from './host/host.ts';
import { type Inputs, readInputs } from './inputs.ts';
import { toBottleError } from './outcome.ts';
import { stepOrigin } from './report/origin-record.ts';
import { makeRecord } from './report/record.ts';
import { report, reportEarly } from './report/report.ts';
import { keepStructured, structuredNotices } from './report/structured-file.ts';
import { keepTranscriptPage } from './report/transcript-page.ts';
import { type Run, secretsOf } from './run.ts';
import { tellTrigger } from './tell-trigger.ts';
import { probeDenials } from './walls/probe.ts';

/** The failure of the step in one sentence, or undefined when the step succeeds. */
export async function concludeRun(
  host: Host,
  services: Services,
  run: Run,
  inputs: Inputs,
): Promise<string | undefined> {
  const { plan, made } = run;
  const { outcome, error, failure } = run.ending();
  const record = makeRecord({
    plan,
    outcome,
    phases: run.clock.ended(),
    startedAt: run.startedAt,
    endedAt: host.now(),
    inputs: inputs.digests,
    step: stepOrigin(host.env),
    ...(error && { error }),
    ...(made.boot && { engineVersion: made.boot.engineVersion }),
    ...(made.image && { image: made.image.facts }),
    ...(made.gateway && { egress: made.gateway.egress(probeDenials(plan.reach.routes)) }),
    ...(made.walls && { walls: made.walls.probes }),
    ...(made.provision && { provisioned: made.provision }),
    ...(made.agent && { agent: agentFacts(made.agent) }),
    ...(failure && { failure }),
    ...(made.collect && { collected: made.collect }),
    ...(made.proposal && { proposal: made.proposal }),
    ...(made.session && { session: made.session }),
    ...(made['write back'] && { writeBack: made['write back'] }),
  });
  host.log.startGroup('Report');
  const { message } = await report(host, services, {
    record: await tellTrigger(host, tellingOf(run), record),
    plan,
    directory: run.paths.artifact,
    signing: { mode: plan.attest.value, token: inputs.token },
    secrets: secretsOf(run),
    ...(made.collect && { clean: made.collect.clean }),
    logs: [
      ...(made.agent?.files ?? []),
      ...(await keepTranscriptPage(host, made.agent?.files ?? [], run.paths.agent.events)),
      ...(await keepStructured(made.agent ?? {}, run.paths.artifact)),
      ...(made.gateway ? [run.paths.egress] : []),
    ],
    ...(made.proposal && { proposal: made.proposal }),
    ...(made.session && { session: made.session }),
  });
  host.log.endGroup();
  return verdict(host, outcome, message, inputs.failOn);
}

/** The same for what ended the step before there was a run. */
export async function concludeEarly(host: Host, thrown: unknown): Promise<string | undefined> {
  const error = host.cancelled.aborted ? CANCELLED : toBottleError(thrown);
  const message = await reportEarly(host, error);
  return verdict(host, error.outcome, message, failOn(host));
}

/** What the workflow lets pass is a warning. */
function verdict(host: Host, outcome: Outcome, message: string, failing: readonly Outcome[]) {
  if (failing.includes(outcome)) return message;
  if (outcome !== 'success') host.log.warning(message);
  return undefined;
}

const CANCELLED = new BottleError({
  outcome: 'cancelled',
  what: 'The run was cancelled',
  where: 'signal from the runner, before a bottle was started',
  fix: 'Run it again if this was not meant.',
});

/** Inputs that cannot be read let nothing pass, whatever they would have said. */
function failOn(host: Host): readonly Outcome[] {
  try {
    return readInputs(host).failOn;
  } catch {
    return OUTCOMES;
  }
}

function tellingOf(run: Run) {
  const { plan, secrets } = run;
  return { push: plan.git.push, token: secrets.workflowToken, secrets: secretsOf(run) };
}

function agentFacts(agent: AgentRun) {
  return {
    exitCode: agent.kind === 'exited' ? agent.exitCode : null,
    durationMs: agent.durationMs,
    told: agent.told,
    notices: structuredNotices(agent),
  };
}
