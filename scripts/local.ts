/** `npm run local -- DIR`: runs the bundled action on a directory, as GitHub's runner would, without GitHub. */
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openToolCache } from '../test/agent-binary/agents.ts';
import { startResultsService } from '../test/results-service/service.ts';
import { readActionFile } from '../test/runner/action-file.ts';
import { type StepResult, startStep } from '../test/runner/run-step.ts';
import { type LocalRequest, parseArguments, USAGE, UsageError } from './local-arguments.ts';
import { chooseEngine } from './local-engine.ts';
import { readEvent } from './local-event.ts';
import { readExampleInputs } from './local-inputs.ts';
import { prepareOut, writeOut } from './local-out.ts';
import { createProgress } from './local-progress.ts';
import { prepareWorkspace } from './local-workspace.ts';

export type LocalTerminal = {
  /** One line for the person who watches. */
  print(line: string): void;
  readonly colour: boolean;
  /** Calls back on Ctrl-C; returns how to stop listening. */
  onInterrupt(callback: () => void): () => void;
};

/** @returns The step's exit code; 2 when the command line is wrong. */
export async function runLocal(
  argv: readonly string[],
  actionDir: string,
  terminal: LocalTerminal,
): Promise<number> {
  try {
    const { inputs } = await readActionFile(actionDir);
    const request = parseArguments(argv, Object.keys(inputs));
    if (request === 'help') {
      terminal.print(USAGE);
      return 0;
    }
    await requireBundle(actionDir);
    return await runRequest(request, actionDir, terminal);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    terminal.print(`${error.message}\n${USAGE}`);
    return 2;
  }
}

async function runRequest(
  request: LocalRequest,
  actionDir: string,
  terminal: LocalTerminal,
): Promise<number> {
  const example = await readExampleInputs(request.directory);
  const event = await readEvent(request.event);
  const given: Record<string, string> = {
    'manifest-ref': 'worktree',
    ...example,
    ...request.inputs,
  };
  const workspace = await prepareWorkspace(request.directory);
  const toolCache = openToolCache(await mkdtemp(join(tmpdir(), 'local-tools-')));
  const service = await startResultsService();
  try {
    await prepareOut(request.out);
    const { engine, note } = await chooseEngine(given.engine);
    if (note !== '') terminal.print(note);
    const step = await startStep({
      actionDir,
      workspace: workspace.directory,
      inputs: engine === undefined ? given : { ...given, engine },
      env: request.env,
      serviceEnv: service.env,
      toolCache,
      onLine: createProgress(terminal),
      ...(event === undefined ? {} : { event }),
    });
    const stopListening = terminal.onInterrupt(() => void step.cancel());
    const result = await step.result.finally(stopListening);
    const brought = await writeOut(request.out, result, service);
    showChange(brought.patch, terminal);
    for (const file of brought.files) terminal.print(`  ${join(request.out, 'artifacts', file)}`);
    describeEnd(result, request.out, terminal);
    return exitCodeOf(result);
  } finally {
    await service.close();
    await workspace.remove();
    await rm(toolCache, { recursive: true });
  }
}

async function requireBundle(actionDir: string): Promise<void> {
  const { main } = await readActionFile(actionDir);
  const found = await stat(join(actionDir, main)).catch(() => undefined);
  if (!found) throw new UsageError(`There is no ${main} in ${actionDir}: run \`npm run build\`.`);
}

const LINES_SHOWN = 100;

/** The guest wrote it, so nothing in it may steer the terminal. */
function showChange(patch: string, { print }: LocalTerminal): void {
  const lines = patch.trimEnd().split('\n');
  print(patch === '' ? '\nNo file was changed.\n' : '\nThe change:');
  if (patch === '') return;
  for (const line of lines.slice(0, LINES_SHOWN)) {
    print(`  ${line.replace(/[^\t\P{C}]/gu, '�')}`);
  }
  if (lines.length > LINES_SHOWN) print(`  … ${lines.length - LINES_SHOWN} more lines`);
  print('\nWhat it left:');
}

function describeEnd(result: StepResult, out: string, { print }: LocalTerminal): void {
  for (const { pid, command } of result.orphans) {
    print(`Left running, now killed: process ${pid} (${command})`);
  }
  const seconds = ((result.durations.mainMs + result.durations.postMs) / 1000).toFixed(1);
  const outcome = result.outputs.outcome ?? result.conclusion;
  print(`\n${outcome} after ${seconds} s. Look into ${out}: summary.md, log.txt, artifacts/`);
}

function exitCodeOf({ conclusion, exitCode }: StepResult): number {
  if (exitCode !== null && exitCode !== 0) return exitCode;
  return conclusion === 'success' ? 0 : 1;
}

if (import.meta.main) {
  const root = fileURLToPath(new URL('..', import.meta.url));
  process.exitCode = await runLocal(process.argv.slice(2), root, {
    print: (line) => process.stdout.write(`${line}\n`),
    colour: process.stdout.isTTY === true && !process.env.NO_COLOR,
    onInterrupt(callback) {
      process.on('SIGINT', callback);
      process.on('SIGTERM', callback);
      return () => {
        process.off('SIGINT', callback);
        process.off('SIGTERM', callback);
      };
    },
  });
}
