/** Is the agent's program in the guest, and in which version? Asked before anything depends on it. */
import { BottleError } from '../errors.ts';
import type { Machine } from '../machine/machine.ts';
import type { Plan } from '../plan/plan.ts';
import { cancelled } from './guest-unpack.ts';

type ProgramInput = Pick<Plan, 'agent' | 'env'>;

const TIMEOUT_MS = 60_000;
const ABSENT = 127;
const OUTPUT_BYTES = 4096;

/** Arguments: the program, and whether to ask it. It finds no credential, and nobody to ask. */
const SCRIPT = `command -v -- "$1" >/dev/null || exit ${ABSENT}
[ "$2" = no ] || "$1" --version </dev/null 2>/dev/null
exit 0
`;

/**
 * Empty where the program does not say, or says it later.
 * @throws {BottleError} `agent-failed` when there is none
 */
export async function findProgram(
  machine: Machine,
  { agent, env }: ProgramInput,
  signal: AbortSignal,
): Promise<string> {
  const { value: program } = agent.program;
  if (program.kind !== 'image') return program.kind === 'npm' ? program.version : '';
  let output = '';
  const path = env.find((entry) => entry.name === 'PATH' && entry.kind === 'literal');
  const asks = program.tellsVersion ? 'no' : 'yes';
  const result = await machine.exec(['sh', '-c', SCRIPT, 'find', program.binary, asks], {
    ...(path?.kind === 'literal' && { env: { PATH: path.value } }),
    onStdout: (chunk) => {
      output = (output + Buffer.from(chunk).toString()).slice(0, OUTPUT_BYTES);
    },
    onStderr: () => {},
    timeoutMs: TIMEOUT_MS,
    signal,
  });
  if (result.aborted) throw cancelled();
  if (result.exitCode === ABSENT) throw absent(machine, program.binary, agent);
  return /\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?/.exec(output)?.[0] ?? '';
}

function absent(machine: Machine, binary: string, agent: ProgramInput['agent']): BottleError {
  const place = machine.engine === 'bubblewrap' ? "the runner's /usr or the image" : 'the image';
  return new BottleError({
    outcome: 'agent-failed',
    reason: 'not-found',
    what: `There is no "${binary}" in the bottle`,
    where: `agent_provider.template ${agent.provider.value}, ${agent.provider.source}: PATH of the guest`,
    fix: `Add "version" to agent_provider, so that it is installed from npm, or put "${binary}" into ${place}.`,
  });
}
