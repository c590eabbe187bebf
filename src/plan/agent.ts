/** The agent's part of the plan: what its provider makes of the manifest. */
import type { PreparedAgent, Provider } from '../agent/provider.ts';
import type { GuestPath } from '../machine/machine.ts';
import type { Prices } from '../price.ts';
import { RELAY_PORT } from '../relay/relay.ts';
import type { PlanRequest } from './make-plan.ts';
import type { EnvEntry, LimitsPlan, Plan, ProgramPlan, ProvisionPlan, Sourced } from './plan.ts';
import { planProgram, programPath } from './program.ts';

/** Stands in a planned argv for the session that only the run knows. */
const SESSION = '{session}';

type AgentRequest = Parameters<Provider['prepare']>[0];
type ManifestServer = NonNullable<PlanRequest['selected']['bottle']['mcp_servers']>[string];
type ManifestPrices = NonNullable<AgentRequest['settings']['prices']>;
type Places = Pick<ProvisionPlan, 'prompt' | 'task' | 'workspace'>;

export type Prepared = PreparedAgent & {
  readonly program: Sourced<ProgramPlan>;
  readonly resumeArgv: readonly string[];
  readonly outputSchema: Plan['agent']['outputSchema'];
};

/** @throws {BottleError} `config-invalid`: the provider lacks something. */
export function prepareAgent(
  planRequest: PlanRequest,
  home: GuestPath,
  { prompt, task, workspace }: Places,
  limits: LimitsPlan,
): Prepared {
  const { provider, selected } = planRequest;
  const { bottle, source } = selected;
  const program = planProgram(planRequest);
  const outputSchema = planSchema(planRequest, home);
  const schema = outputSchema && JSON.stringify(outputSchema.schema);
  const request: AgentRequest = {
    settings: bottle.agent_provider,
    source: (setting) => source(['bottle', 'agent_provider', setting]),
    program: programPath(program.value),
    home,
    workspace: workspace.to,
    prompt: { text: prompt.text, file: prompt.text === '' ? '' : prompt.to },
    taskFile: task.to,
    limits: { turns: limits.turns.value, costUsd: limits.costUsd.value },
    ...(schema && { outputSchema: { json: schema, file: outputSchema.schemaFile } }),
    // bot-bottle's name for it; the gateway answers there.
    mcpServers: [
      { name: 'supervise', kind: 'http', url: `http://127.0.0.1:${RELAY_PORT}/mcp`, headers: {} },
      ...Object.entries(bottle.mcp_servers ?? {}).map(serverOf),
    ],
    session: planRequest.session?.record.session ?? '',
  };
  const prepared = provider.prepare(request);
  const resumed = provider.resumes ? provider.prepare({ ...request, session: SESSION }) : undefined;
  const files = schema
    ? [...prepared.files, { to: outputSchema.schemaFile, text: schema }]
    : prepared.files;
  return { ...prepared, program, files, outputSchema, resumeArgv: resumed?.argv ?? [] };
}

function planSchema(
  { provider, selected: { agent, source } }: PlanRequest,
  home: GuestPath,
): Prepared['outputSchema'] {
  const schema = agent.output_schema;
  if (schema === undefined) return null;
  const told =
    'When you are done, let your last message be nothing but JSON that follows this JSON Schema, ' +
    `without a code fence:\n${JSON.stringify(schema)}\n`;
  return {
    schema,
    source: source('agent.output_schema'),
    schemaFile: `${home}/.bottle/output-schema.json`,
    file: `${home}/.bottle/structured.json`,
    instruction: provider.knowsSchema ? '' : `\n\n${told}`,
  };
}

function serverOf([name, given]: [string, ManifestServer]): AgentRequest['mcpServers'][number] {
  const { url, headers = {}, command = '', args = [], env = {} } = given;
  if (url !== undefined) return { name, kind: 'http', url, headers };
  return { name, kind: 'stdio', command, args, env };
}

export function planAgent(
  { inputs, selected, provider }: PlanRequest,
  prepared: Prepared,
  home: GuestPath,
): Plan['agent'] {
  const { program, argv, resumeArgv, exitCodes, outputSchema } = prepared;
  const { template, prices } = selected.bottle.agent_provider;
  return {
    name: { value: selected.agentName, source: inputs.agent === '' ? 'default' : 'input agent' },
    bottles: { value: selected.bottleNames, source: selected.source('bottle') },
    provider: { value: template, source: selected.source('bottle.agent_provider.template') },
    program,
    argv,
    resume: { argv: resumeArgv, session: SESSION },
    exitCodes,
    sessionPaths: provider.sessionPaths.map((path) => `${home}/${path}`),
    prices: prices ? pricesOf(prices) : null,
    outputSchema,
  };
}

/** What comes from the cache, or goes there, costs no less than what does not, unless it is said. */
function pricesOf({ input, output, cache_read, cache_write }: ManifestPrices): Prices {
  return { input, output, cacheRead: cache_read ?? input, cacheWrite: cache_write ?? input };
}

/** What the provider sets, for `addPlaceholders` to lay the rest over. */
export function environmentOf({ env }: Prepared, provider: Provider): readonly EnvEntry[] {
  const source = `provider ${provider.template}`;
  return Object.entries(env).map(([name, value]) => ({ name, kind: 'literal', value, source }));
}
