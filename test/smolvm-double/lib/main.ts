/**
 * A double of smolvm's command line for machines without a hypervisor: the same commands, exit
 * codes, texts and peculiarities (`../conformance` lists them), with bubblewrap's namespaces as the
 * machine.
 *
 * What differs, knowingly:
 * - Linux, root, bubblewrap and util-linux only; the guest's ids are the runner's own.
 * - An image whose `/usr` is empty gets the runner's `/usr`, read-only, so that test images stay
 *   small.
 * - CPU, memory and disk sizes are recorded and not enforced; there is never a network; `-t` gives
 *   no terminal; registries and image archives cannot be read.
 */
import { type Command, helpText, parseArgs, SmolvmError, UsageError } from './command.ts';
import { cp } from './cp.ts';
import { create } from './create.ts';
import { exec } from './exec.ts';
import { dataDir, ls, status } from './list.ts';
import { runMonitor } from './monitor.ts';
import { packCreate, packInspect, packRun } from './pack.ts';
import { start } from './start.ts';
import { remove, stop } from './stop.ts';

const VERSION = '1.9.2';

const COMMANDS: readonly Command[] = [
  ...[create, start, exec, cp, ls, status, stop, remove, dataDir],
  ...[packCreate, packRun, packInspect],
];
const ALIASES: Readonly<Record<string, string>> = { vm: 'machine', list: 'ls', rm: 'delete' };

async function main(argv: readonly string[]): Promise<number> {
  if (argv[0] === '_boot-vm') return await runMonitor(argv[1] ?? '');
  if (argv[0] === '--version' || argv[0] === '-V') {
    process.stdout.write(`smolvm ${process.env.SMOLVM_DOUBLE_VERSION ?? VERSION}\n`);
    return 0;
  }
  const words = argv.slice(0, 2).map((word) => ALIASES[word] ?? word);
  const command = COMMANDS.find(({ name }) => name === words.join(' '));
  if (command === undefined) {
    const unknown = words.find((word) => word !== 'machine' && word !== 'pack') ?? '';
    throw new UsageError(`unrecognized subcommand '${unknown}'`);
  }
  const rest = argv.slice(2);
  const own = rest.slice(0, rest.includes('--') ? rest.indexOf('--') : rest.length);
  if (own.includes('--help')) {
    process.stdout.write(helpText(command));
    return 0;
  }
  return await command.run(parseArgs(command, rest));
}

function report(error: unknown): number {
  if (error instanceof UsageError) {
    process.stderr.write(`error: ${error.message}\n\nFor more information, try '--help'.\n`);
    return 2;
  }
  if (!(error instanceof SmolvmError)) throw error;
  process.stderr.write(`Error: ${error.message}\n`);
  return 1;
}

/** Settles when all is written, or when nobody reads any more. */
async function flush(stream: NodeJS.WriteStream): Promise<void> {
  await new Promise<void>((resolve) => stream.write('', () => resolve()));
}

for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
const exitCode = await main(process.argv.slice(2)).catch(report);
await Promise.all([flush(process.stdout), flush(process.stderr)]);
// Explicitly, because an open stdin would keep the process.
process.exit(exitCode);
