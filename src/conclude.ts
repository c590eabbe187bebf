/** Puts together what is known at the end of a run, and tells it. */

import type { AgentRun } from './agent/run.ts';
import type { Host, Services } from './host/host.ts';
import type { Inputs } from './inputs.ts';
import { makeRecord } from './report/record.ts';
import { report } from './report/report.ts';
import { type Run, secretValues } from './run.ts';

/** The failure of the step in one sentence, or undefined when the step succeeds. */
export async function concludeRun(
  host: Host,
  services: Services,
  run: Run,
  inputs: Inputs,
): Promise<string | undefined> {
  const { plan, made } = run;
  const { outcome, error } = run.ending();
  const record = makeRecord({
    plan,
    outcome,
    phases: run.clock.ended(),
    startedAt: run.startedAt,
    endedAt: host.now(),
    repository: {
      name: host.env.GITHUB_REPOSITORY ?? '',
      sha: host.env.GITHUB_SHA ?? '',
      event: host.env.GITHUB_EVENT_NAME ?? '',
      actor: host.env.GITHUB_ACTOR ?? '',
    },
    ...(error && { error }),
    ...(made.boot && { engineVersion: made.boot.engineVersion }),
    ...(made.image && { image: made.image.facts }),
    ...(made.provision && { provisioned: made.provision }),
    ...(made.agent && { agent: agentFacts(made.agent) }),
    ...(made.collect && { collected: made.collect }),
  });
  host.log.startGroup('Report');
  const { message } = await report(host, services, {
    record,
    plan,
    directory: run.paths.artifact,
    secrets: [inputs.token, ...secretValues(host, plan)],
    ...(made.agent && { log: run.paths.transcript }),
    ...(made.collect && { collected: made.collect }),
  });
  host.log.endGroup();
  if (inputs.failOn.includes(outcome)) return message;
  if (outcome !== 'success') host.log.warning(message);
  return undefined;
}

function agentFacts(agent: AgentRun) {
  return {
    exitCode: agent.kind === 'exited' ? agent.exitCode : null,
    durationMs: agent.durationMs,
  };
}
