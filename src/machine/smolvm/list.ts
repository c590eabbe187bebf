/** What smolvm knows of a machine, through `ls --json`: `status` has side effects on disks. */
import { BottleError } from '../../errors.ts';
import { listArgv } from './argv.ts';
import { callSmolvm, type SmolvmCli } from './cli.ts';
import { engineError } from './failure.ts';

export type ListedMachine = {
  readonly name: string;
  /** `created`, `running`, `stopped`, `failed`, `unreachable`, `frozen`. */
  readonly state: string;
  readonly cpus: number;
  readonly memoryMib: number;
  readonly network: boolean;
};

const LIST_TIMEOUT_MS = 30_000;

/** The machine as listed, or undefined when there is none of that name. */
export async function findMachine(
  cli: SmolvmCli,
  name: string,
): Promise<ListedMachine | undefined> {
  const result = await callSmolvm(cli, listArgv(), { timeoutMs: LIST_TIMEOUT_MS });
  if (result.exitCode !== 0) {
    throw engineError({ outcome: 'internal-error', command: 'machine ls', ...result });
  }
  return parseList(result.stdout).find((machine) => machine.name === name);
}

/** Reads the JSON of `ls --json`; unknown fields are of no interest. */
export function parseList(json: string): ListedMachine[] {
  try {
    return (JSON.parse(json) as Record<string, unknown>[]).map((item) => ({
      name: String(item.name),
      state: String(item.state),
      cpus: Number(item.cpus),
      memoryMib: Number(item.memory_mib),
      network: item.network !== false,
    }));
  } catch (cause) {
    throw new BottleError({
      outcome: 'internal-error',
      what: 'smolvm listed its machines in a way that we cannot read',
      where: '`smolvm machine ls --json`',
      fix: 'Use the smolvm version that the action pins.',
      cause,
    });
  }
}
