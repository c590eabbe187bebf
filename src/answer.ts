/** Modes that only answer: `plan` shows what a run would do, `doctor` whether this runner could. */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Host } from './host/host.ts';
import type { Inputs } from './inputs.ts';
import { diagnose, failuresOf } from './machine/engine.ts';
import type { EngineName } from './machine/machine.ts';
import { longestSocketPath, machineSocket } from './machine/smolvm-state.ts';
import type { Plan } from './plan/plan.ts';
import { renderFindings } from './report/doctor-summary.ts';
import { describePlan, renderPlan } from './report/plan-summary.ts';
import { pathsOf } from './run.ts';

export async function answerPlan(host: Host, plan: Plan): Promise<undefined> {
  host.log.startGroup('The plan as JSON');
  host.log.info(JSON.stringify(describePlan(plan), null, 2));
  host.log.endGroup();
  await host.writeSummary(renderPlan(plan));
  host.setOutput('run-id', plan.runId);
}

const MARKS = { ok: 'ok  ', warn: 'warn', fail: 'FAIL' } as const;

/** The failure of the step when this runner cannot boot a bottle. */
export async function answerDoctor(host: Host, inputs: Inputs): Promise<string | undefined> {
  const engine = inputs.engine ?? 'smolvm';
  const findings = await diagnose(host, engine, inputs, socketsOf(host, engine));
  for (const { level, probe, found, remedy } of findings) {
    host.log.info(`${MARKS[level]} ${probe}: ${found}${remedy && ` · ${remedy}`}`);
  }
  await host.writeSummary(renderFindings(engine, findings));
  const failed = failuresOf(findings);
  if (failed.length === 0) return undefined;
  return `This runner cannot boot a bottle with ${engine}: ${failed.map(({ probe }) => probe).join(', ')}`;
}

/** The sockets of a run whose agent has a name of one letter. */
function socketsOf(host: Host, engine: EngineName) {
  const name = 'bottle-a-12345';
  const { socket, machineState } = pathsOf(join(host.env.RUNNER_TEMP || tmpdir(), name));
  const most = longestSocketPath(host.platform);
  const gateway = { what: "the gateway's socket", length: Buffer.byteLength(socket), most };
  if (engine === 'bubblewrap') return [gateway];
  const length = Buffer.byteLength(machineSocket(host.platform, machineState, name));
  return [gateway, { what: "the machine's socket", length, most }];
}
