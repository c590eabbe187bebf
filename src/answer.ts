/** Modes that only answer: `plan` shows what a run would do, `doctor` whether this runner could. */
import type { Host } from './host/host.ts';
import type { Inputs } from './inputs.ts';
import { createEngine, findSmolvm } from './machine/engine.ts';
import type { Plan } from './plan/plan.ts';
import { renderFindings } from './report/doctor-summary.ts';
import { describePlan, renderPlan } from './report/plan-summary.ts';

export async function answerPlan(host: Host, plan: Plan): Promise<undefined> {
  host.log.startGroup('The plan as JSON');
  host.log.info(JSON.stringify(describePlan(plan), null, 2));
  host.log.endGroup();
  await host.writeSummary(renderPlan(plan));
  host.setOutput('run-id', plan.runId);
}

/** The failure of the step when this runner cannot boot a bottle. */
export async function answerDoctor(host: Host, inputs: Inputs): Promise<string | undefined> {
  const engine = createEngine(host, inputs.engine ?? 'smolvm', findSmolvm(host));
  const findings = await engine.preflight();
  for (const { ok, probe, found, remedy } of findings) {
    host.log.info(`${ok ? 'ok  ' : 'FAIL'} ${probe}: ${found}${remedy && ` · ${remedy}`}`);
  }
  await host.writeSummary(renderFindings(engine.name, findings));
  const failed = findings.filter(({ ok }) => !ok);
  if (failed.length === 0) return undefined;
  return `This runner cannot boot a bottle with ${engine.name}: ${failed.map(({ probe }) => probe).join(', ')}`;
}
