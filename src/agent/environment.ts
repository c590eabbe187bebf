/** What every agent finds in its environment. */
import type { Host } from '../host/host.ts';
import type { Plan } from '../plan/plan.ts';
import { proxyEnvironment } from '../relay/relay.ts';

type EnvironmentPlan = Pick<Plan, 'runId' | 'agent' | 'env' | 'provision' | 'resultFile'>;

/** @param ofRun what only the run knows; the plan's own entries are laid over it */
export function guestEnvironment(
  plan: EnvironmentPlan,
  ofRun: Readonly<Record<string, string>>,
): Record<string, string> {
  const { prompt, task, outputDirectory } = plan.provision;
  const own: Record<string, string> = {
    ...proxyEnvironment(),
    ...ofRun,
    BOTTLE_RUN_ID: plan.runId,
    BOTTLE_TASK_FILE: task.to,
    BOTTLE_OUTPUT_DIR: outputDirectory,
    BOTTLE_RESULT_FILE: plan.resultFile,
  };
  const { outputSchema } = plan.agent;
  if (outputSchema !== null) {
    own.BOTTLE_SCHEMA_FILE = outputSchema.schemaFile;
    own.BOTTLE_STRUCTURED_FILE = outputSchema.file;
  }
  // bot-bottle's contract: the file always exists, its path is passed only when it says something.
  if (prompt.text !== '') own.BOTTLE_PROMPT_FILE = prompt.to;
  for (const entry of plan.env) if (entry.kind === 'literal') own[entry.name] = entry.value;
  return own;
}

/** The values behind the plan's names, at the last moment and only for the guest's process. */
export function secretEnvironment(
  host: Pick<Host, 'env'>,
  plan: EnvironmentPlan,
): Record<string, string> {
  const values: Record<string, string> = {};
  for (const entry of plan.env) {
    if (entry.kind === 'host') values[entry.name] = host.env[entry.hostVar] ?? '';
  }
  return values;
}
