/** `mode: plan`: the plan as a person and a program read it. No value of an environment entry is in it. */
import type { Plan, Sourced } from '../plan/plan.ts';
import { code } from './guest-text.ts';

/** The plan as JSON data: environment entries by name, texts by their size. */
export function describePlan(plan: Plan) {
  const { provision, env, ...rest } = plan;
  return {
    ...rest,
    env: env.map(({ name, source, ...entry }) => ({
      name,
      from: entry.kind === 'host' ? `\${${entry.hostVar}}` : 'literal',
      source,
    })),
    provision: {
      ...provision,
      prompt: { to: provision.prompt.to, bytes: Buffer.byteLength(provision.prompt.text) },
      task: { to: provision.task.to, bytes: Buffer.byteLength(provision.task.text) },
    },
  };
}

/** A Markdown table for the step summary: what, value, where it came from. */
export function renderPlan(plan: Plan): string {
  const { agent, machine, limits } = plan;
  const rows: (readonly [string, Sourced<unknown>])[] = [
    ['agent', agent.name],
    ['bottles', agent.bottles],
    ['provider', agent.provider],
    ['engine', plan.engine],
    ['image', { ...plan.image, value: describeImage(plan) }],
    ['cpus', machine.cpus],
    ['memory, MiB', machine.memoryMib],
    ['storage, GiB', machine.storageGib],
    ['minutes', limits.minutes],
    ['idle minutes', limits.idleMinutes],
    ['output, MiB', limits.outputMib],
    ['outputs', plan.outputs],
    ...plan.env.map((entry): [string, Sourced<string>] => [
      `env ${entry.name}`,
      { value: entry.kind === 'host' ? `\${${entry.hostVar}}` : '(literal)', source: entry.source },
    ]),
    ['skills', { value: plan.provision.skills.list.map(({ name }) => name), source: 'agent' }],
    ['reach', { value: 'nothing: the gateway refuses every request', source: 'this version' }],
  ];
  return [
    `## Plan: ${cell(plan.runId)}`,
    '',
    'Nothing was started.',
    '',
    '| what | value | from |',
    '|---|---|---|',
    ...rows.map(
      ([what, { value, source }]) => `| ${cell(what)} | ${cell(value)} | ${cell(source)} |`,
    ),
    '',
  ].join('\n');
}

function describeImage({ image: { value } }: Plan): string {
  switch (value.kind) {
    case 'host':
      return "the runner's own /usr";
    case 'smolmachine':
      return [value.reference, value.sha256 && `sha256:${value.sha256}`].filter(Boolean).join(' ');
    case 'from':
      return `built from ${value.reference}`;
    case 'smolfile':
      return `built from ${value.path}`;
  }
}

function cell(value: unknown): string {
  const text = Array.isArray(value) ? value.join(', ') : String(value);
  return text === '' ? '' : code(text);
}
