/** The agent's part of the plan: what its provider makes of the manifest. */
import type { PreparedAgent, Provider } from '../agent/provider.ts';
import type { GuestPath } from '../machine/machine.ts';
import { RELAY_PORT } from '../relay/relay.ts';
import type { PlanRequest } from './make-plan.ts';
import type { EnvEntry, LimitsPlan, Plan, ProgramPlan, ProvisionPlan, Sourced } from './plan.ts';
import { planProgram, programPath } from './program.ts';

/** Stands in a planned argv for the session that only the run knows. */
const SESSION = '{session}';

type AgentRequest = Parameters<Provider['prepare']>[0];
type Places = Pick<ProvisionPlan, 'prompt' | 'task' | 'workspace'>;

export type Prepared = PreparedAgent & {
  readonly program: Sourced<ProgramPlan>;
  readonly resumeArgv: readonly string[];
};

/** @throws {BottleError} `config-invalid`: the provider lacks something. */
export function prepareAgent(
  planRequest: PlanRequest,
  home: GuestPath,
  { prompt, task, workspace }: Places,
  limits: LimitsPlan,
): Prepared {
  const { provider, selected } = planRequest;
  const { agent, bottle, source } = selected;
  const program = planProgram(planRequest);
  const schema = agent.output_schema && JSON.stringify(agent.output_schema);
  const request: AgentRequest = {
    settings: bottle.agent_provider,
    source: (setting) => source(['bottle', 'agent_provider', setting]),
    program: programPath(program.value),
    home,
    workspace: workspace.to,
    prompt: { text: prompt.text, file: prompt.text === '' ? '' : prompt.to },
    taskFile: task.to,
    limits: { turns: limits.turns.value, costUsd: limits.costUsd.value },
    ...(schema && { outputSchema: { json: schema, file: `${home}/.bottle/output-schema.json` } }),
    // bot-bottle's name for it; the gateway answers there.
    mcpServers: [
      { name: 'supervise', kind: 'http', url: `http://127.0.0.1:${RELAY_PORT}/mcp`, headers: {} },
    ],
    session: '',
  };
  const prepared = provider.prepare(request);
  const resumed = provider.resumes ? provider.prepare({ ...request, session: SESSION }) : undefined;
  const files = schema
    ? [...prepared.files, { to: `${home}/.bottle/output-schema.json`, text: schema }]
    : prepared.files;
  return { ...prepared, program, files, resumeArgv: resumed?.argv ?? [] };
}

export function planAgent({ inputs, selected }: PlanRequest, prepared: Prepared): Plan['agent'] {
  const { program, argv, resumeArgv, exitCodes, sessionPaths } = prepared;
  const template = selected.bottle.agent_provider.template;
  return {
    name: { value: selected.agentName, source: inputs.agent === '' ? 'default' : 'input agent' },
    bottles: { value: selected.bottleNames, source: selected.source('bottle') },
    provider: { value: template, source: selected.source('bottle.agent_provider.template') },
    program,
    argv,
    resume: { argv: resumeArgv, session: SESSION },
    exitCodes,
    sessionPaths,
  };
}

/** What the provider sets, for `addPlaceholders` to lay the rest over. */
export function environmentOf({ env }: Prepared, provider: Provider): readonly EnvEntry[] {
  const source = `provider ${provider.template}`;
  return Object.entries(env).map(([name, value]) => ({ name, kind: 'literal', value, source }));
}
