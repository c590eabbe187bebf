/** Says why an agent failed, reason by reason: what happened · where · what to do. */
import type { AgentFailure } from '../agent/judge.ts';
import type { FailureReason } from '../errors.ts';
import type { Plan } from '../plan/plan.ts';
import { printable } from '../printable.ts';
import type { Explanation } from './explain.ts';

type Words = readonly [what: string, fix: string];

const MODEL = 'The log has what it asked for; partial work is in the artifact.';

const WORDS: Readonly<Record<FailureReason, Words>> = {
  auth: [
    'had its credential refused by the API of its model',
    'Check the secret that `agent_provider.auth_token` names: is it set, current, and for this API?',
  ],
  quota: [
    'has used up what its model was paid for',
    "Raise the account's quota or top it up, then run it again.",
  ],
  'rate-limited': [
    'was turned away by the API of its model: too many requests',
    'Run it again later, run fewer at once, or ask the vendor for a higher rate.',
  ],
  overloaded: [
    'found the API of its model overloaded',
    'Run it again later; the vendor’s status page says how it is.',
  ],
  'model-not-found': [
    'asked for a model that there is not, or not for this credential',
    'Correct `agent_provider.model`, or leave it out for the default of the agent.',
  ],
  'context-length': [
    'ran out of context: the conversation became longer than its model takes',
    'Give it a smaller task, leave large files out with `workspace.exclude`, or name another model.',
  ],
  'permission-denied': [
    'was refused a tool by its own settings',
    'See that nothing in the workspace or the image (settings, hooks) takes the tool from it.',
  ],
  'max-turns': [
    'used up its turns',
    'Give it a smaller task or raise `limits.turns`; partial work is in the artifact.',
  ],
  'max-budget': [
    'used up its budget',
    'Give it a smaller task or raise `limits.cost_usd`; partial work is in the artifact.',
  ],
  'schema-invalid': [
    'gave an answer that does not follow `output_schema`',
    'Read the answer in the transcript; then correct the schema, or say more clearly what is asked.',
  ],
  crashed: [
    'was ended by a signal that is not ours',
    'Out of memory is the usual reason: raise `machine.memory_mib`. The end of its log may say more.',
  ],
  'not-found': [
    'could not be started: there is no such program in the bottle',
    'Use an image that has it, or correct `agent_provider`.',
  ],
  'no-output': [
    'ended without a word, and with exit code 0',
    'Its program did nothing; `agent.stderr.log` may say why. Try another version of it.',
  ],
  'api-error': ['got no usable answer from the API of its model', MODEL],
  'exit-code': [
    'did not end well',
    'Read the end of its output in the log; partial work is in the artifact.',
  ],
};

export function explainFailure(
  { reason, status, message }: AgentFailure,
  { agent, limits }: Plan,
  exitCode: number | null,
): Explanation {
  const [what, fix] = WORDS[reason];
  const how = reason === 'exit-code' ? `ended with exit code ${exitCode ?? 'unknown'}` : what;
  const said = message === '' ? '.' : `: ${printable(message)}`;
  const explanation = { what: `The agent ${agent.name.value} ${how}${said}`, fix };
  if (reason === 'max-turns') return { ...explanation, where: limitText('turns', limits.turns) };
  if (reason === 'max-budget') {
    return { ...explanation, where: limitText('cost_usd', limits.costUsd) };
  }
  const facts = [
    `command ${agent.argv[0] ?? ''} in the bottle`,
    ...(exitCode === null || reason === 'exit-code' ? [] : [`exit code ${exitCode}`]),
    ...(status === 0 ? [] : [`status ${status} of the model’s API`]),
  ];
  return { ...explanation, where: facts.join(', ') };
}

function limitText(name: string, { value, source }: Plan['limits']['turns']): string {
  return value === null ? 'a limit of the agent’s own' : `limits.${name}: ${value}, from ${source}`;
}
