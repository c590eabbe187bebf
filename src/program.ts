/** The agent's program on its way from npm into the guest; a run that needs none has no such phase. */
import { installProgram } from './agent/install.ts';
import type { Host } from './host/host.ts';
import type { MachineSpec } from './machine/machine.ts';
import type { Plan } from './plan/plan.ts';
import type { Run } from './run.ts';

export async function fetchProgram(host: Host, run: Run): Promise<void> {
  const { value, source } = run.plan.agent.program;
  if (value.kind !== 'npm') return;
  await run.phase('program', () => installProgram(host, { ...value, source }));
}

/** What the machine has to know of it. */
export function programSpec(
  { agent }: Plan,
  { program }: Run['made'],
): Pick<MachineSpec, 'program'> {
  const { value } = agent.program;
  if (value.kind !== 'npm' || program === undefined) return {};
  return { program: { host: program.directory, guest: value.to } };
}
