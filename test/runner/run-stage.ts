/** One stage of a step, main or post: its process, and what it told the runner through files. */
import { readFile, stat } from 'node:fs/promises';
import { type EnvFile, parseEnvFile, parsePathFile } from './env-file.ts';
import { type NodeExit, type NodeProcess, startNode } from './node-process.ts';
import { type FileCommand, fileCommandVariables, makeFileCommands } from './step-environment.ts';
import type { Stage, StepLog } from './step-log.ts';

export type StageRequest = {
  readonly stage: Stage;
  /** The bundle to run. */
  readonly script: string;
  readonly workspace: string;
  /** RUNNER_TEMP. */
  readonly temp: string;
  readonly env: Readonly<Record<string, string>>;
  readonly log: StepLog;
};

/** What a stage set, for the workflow and for later stages. */
export type Effects = {
  readonly outputs: Readonly<Record<string, string>>;
  readonly state: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string>>;
  readonly path: readonly string[];
  /** Masked; empty when there is none or the runner refused it. */
  readonly summary: string;
};

export type StageEnd = NodeExit & {
  readonly effects: Effects;
  /** By its exit code, a refused command or a malformed file. */
  readonly failed: boolean;
};

export type RunningStage = { readonly process: NodeProcess; readonly end: Promise<StageEnd> };

const SUMMARY_LIMIT = 1024 * 1024;

export async function startStage(request: StageRequest): Promise<RunningStage> {
  const files = await makeFileCommands(request.temp);
  const node = startNode(request.script, {
    cwd: request.workspace,
    env: { ...request.env, ...fileCommandVariables(files) },
    output: request.log.openStage(request.stage),
  });
  const end = async (): Promise<StageEnd> => {
    const exit = await node.exit;
    const { effects, errors } = await readEffects(request, files);
    for (const message of errors) {
      request.log.annotate({ level: 'error', message, properties: {}, stage: request.stage });
    }
    const refused = request.log.refusals.some(({ stage }) => stage === request.stage);
    return { ...exit, effects, failed: exit.exitCode !== 0 || refused || errors.length > 0 };
  };
  return { process: node, end: end() };
}

async function readEffects(
  { stage, log }: StageRequest,
  files: Readonly<Record<FileCommand, string>>,
): Promise<{ effects: Effects; errors: string[] }> {
  const errors: string[] = [];
  const readPairs = async (name: FileCommand) => {
    const file: EnvFile = parseEnvFile(await readFile(files[name], 'utf8'));
    if (file.error !== undefined) {
      errors.push(`Unable to process file command '${name}' successfully. ${file.error}`);
    }
    return Object.fromEntries(file.pairs);
  };
  const byCommand = (name: string) =>
    Object.fromEntries(
      log.commands
        .filter((command) => command.stage === stage && command.name.toLowerCase() === name)
        .map((command) => [command.properties.name ?? '', command.data]),
    );

  const env = await readPairs('env');
  for (const name of Object.keys(env).filter((key) => key.toUpperCase() === 'NODE_OPTIONS')) {
    const message = `Can't store ${name} output parameter using '$GITHUB_ENV' command.`;
    log.annotate({ level: 'error', message, properties: {}, stage });
    delete env[name];
  }
  const effects = {
    outputs: { ...byCommand('set-output'), ...(await readPairs('output')) },
    state: { ...byCommand('save-state'), ...(await readPairs('state')) },
    env,
    path: parsePathFile(await readFile(files.path, 'utf8')),
    summary: await readSummary(files.step_summary, stage, log),
  };
  return { effects, errors };
}

/** A summary that is too long is an error to look at, but fails nothing. */
async function readSummary(file: string, stage: Stage, log: StepLog): Promise<string> {
  const { size } = await stat(file);
  if (size > SUMMARY_LIMIT) {
    const message = `$GITHUB_STEP_SUMMARY upload aborted, supports content up to a size of 1024k, got ${Math.floor(size / 1024)}k.`;
    log.annotate({ level: 'error', message, properties: {}, stage });
    return '';
  }
  const lines = (await readFile(file, 'utf8')).split('\n');
  return lines.map((line) => log.mask.apply(line)).join('\n');
}
