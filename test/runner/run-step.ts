/** Runs the action as one step of a job: main, then post, then what the runner does at a job's end. */
import { mkdtemp, readdir, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { type ActionFile, inputVariables, readActionFile } from './action-file.ts';
import { findOrphans, killOrphans, type Orphan } from './orphan.ts';
import { type Effects, type StageEnd, startStage } from './run-stage.ts';
import {
  baseEnvironment,
  makeDirectories,
  RUNNER_OWNED,
  type RunnerDirectories,
  type StepEvent,
} from './step-environment.ts';
import { createStepLog, type Stage, type StepLog } from './step-log.ts';

export type StepRequest = {
  /** Holds `action.yml`. */
  readonly actionDir: string;
  readonly workspace: string;
  /** The step's `with`. */
  readonly inputs?: Readonly<Record<string, string>>;
  /** The job's and the step's `env`, and anything to be set otherwise than the harness does. */
  readonly env?: Readonly<Record<string, string>>;
  /** Default: a workflow_dispatch. */
  readonly event?: StepEvent;
  /** What a results service says a step needs: `service.env`. */
  readonly serviceEnv?: Readonly<Record<string, string>>;
  /** Masked from the beginning, as GitHub's own secrets are. */
  readonly secrets?: readonly string[];
  /** github.token; masked. */
  readonly token?: string;
  /** RUNNER_TOOL_CACHE; default: a fresh one, removed afterwards. */
  readonly toolCache?: string;
  readonly timeoutMinutes?: number;
  /** Each masked line of the log as it comes. */
  readonly onLine?: (line: string, stage: Stage) => void;
  readonly debug?: boolean;
};

/** `outputs`, `state` and so on are those of main. */
export type StepResult = Effects & {
  readonly conclusion: 'success' | 'failure' | 'cancelled';
  /** Of main; null when a signal ended it. */
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** Undefined when the action has no post step. */
  readonly post: StageEnd | undefined;
  /** Masked lines as a reader of the log sees them, joined. */
  readonly log: string;
  readonly rawLog: string;
  readonly commands: StepLog['commands'];
  readonly annotations: StepLog['annotations'];
  /** What was still running after post; they have been killed. */
  readonly orphans: readonly Orphan[];
  /** What was left in RUNNER_TEMP before it was wiped, relative to it. */
  readonly leftovers: readonly string[];
  readonly durations: { readonly mainMs: number; readonly postMs: number };
};

export type RunningStep = {
  /** Settles when post has ended and the machine is clean again. */
  readonly result: Promise<StepResult>;
  /** Of main. */
  readonly pid: number;
  /** RUNNER_TEMP. */
  readonly temp: string;
  /** Cancels main as the runner does; post runs all the same. */
  cancel(): Promise<void>;
  /** SIGKILL to main; post runs all the same. */
  kill(): void;
};

export async function runStep(request: StepRequest): Promise<StepResult> {
  return (await startStep(request)).result;
}

/** @throws When the request itself is wrong: no action.yml, no workspace. */
export async function startStep(request: StepRequest): Promise<RunningStep> {
  const job = await openJob(request);
  const { action, log } = job;
  const main = await startStageOf(job, 'main', action.main, job.env);
  const ended = { cancelled: false, timedOut: false };
  const minutes = request.timeoutMinutes ?? DEFAULT_TIMEOUT_MINUTES;
  const timer = setTimeout(() => {
    ended.timedOut = true;
    const message = `The action '${action.name}' has timed out after ${minutes} minutes.`;
    log.annotate({ level: 'error', message, properties: {}, stage: 'main' });
    void main.process.cancel();
  }, minutes * 60_000);

  const finish = async (): Promise<StepResult> => {
    const mainEnd = await main.end.finally(() => clearTimeout(timer));
    const postEnv = environmentAfter(job.env, mainEnd.effects);
    const post = action.post && (await startStageOf(job, 'post', action.post, postEnv));
    const postEnd = post ? await post.end : undefined;
    return { ...describeEnd(log, mainEnd, postEnd, ended), ...(await closeJob(job)) };
  };
  return {
    result: finish(),
    pid: main.process.pid,
    temp: job.directories.temp,
    cancel() {
      ended.cancelled = true;
      return main.process.cancel();
    },
    kill: () => main.process.kill(),
  };
}

type Job = {
  readonly action: ActionFile;
  readonly actionDir: string;
  readonly workspace: string;
  readonly directories: RunnerDirectories;
  readonly env: Readonly<Record<string, string>>;
  readonly log: StepLog;
};

async function openJob(request: StepRequest): Promise<Job> {
  const { actionDir, inputs = {}, token = '' } = request;
  const action = await readActionFile(actionDir);
  const workspace = await realpath(request.workspace);
  const work = await realpath(await mkdtemp(join(tmpdir(), 'runner-')));
  const directories = await makeDirectories(work, request.toolCache);
  const log = createStepLog({ ...request, secrets: [token, ...(request.secrets ?? [])] });
  warnOfUnknownInputs(log, action, inputs);
  const env = {
    ...(await baseEnvironment(workspace, directories, request.event ?? MANUAL_EVENT)),
    ...(request.debug ? { RUNNER_DEBUG: '1' } : {}),
    ...request.serviceEnv,
    ...inputVariables(action, inputs, token),
    ...request.env,
  };
  return { action, actionDir, workspace, directories, env, log };
}

function startStageOf(job: Job, stage: Stage, script: string, env: Job['env']) {
  const { actionDir, workspace, directories, log } = job;
  return startStage({
    stage,
    script: join(actionDir, script),
    workspace,
    temp: directories.temp,
    env,
    log,
  });
}

/** What the runner does when a job is over; what is listed was still there before. */
async function closeJob({ env, directories }: Job) {
  const orphans = await findOrphans(env.RUNNER_TRACKING_ID ?? '', directories.work);
  killOrphans(orphans);
  const leftovers = await listLeftovers(directories.temp);
  await rm(directories.work, { recursive: true, force: true });
  return { orphans, leftovers };
}

/** What post and later steps see of what main set. */
function environmentAfter(env: Job['env'], effects: Effects): Record<string, string> {
  const state = Object.entries(effects.state).map(([name, value]) => [`STATE_${name}`, value]);
  // The directory that was added last comes first.
  const path = [...effects.path].reverse().concat(env.PATH ?? '');
  return { ...env, ...effects.env, ...Object.fromEntries(state), PATH: path.join(delimiter) };
}

function describeEnd(
  log: StepLog,
  main: StageEnd,
  post: StageEnd | undefined,
  end: { readonly cancelled: boolean; readonly timedOut: boolean },
): Omit<StepResult, 'orphans' | 'leftovers'> {
  const failed = main.failed || end.timedOut;
  return {
    ...main.effects,
    conclusion: end.cancelled ? 'cancelled' : failed ? 'failure' : 'success',
    exitCode: main.exitCode,
    signal: main.signal,
    post,
    log: log.lines.join('\n'),
    rawLog: log.rawLines.join('\n'),
    commands: log.commands,
    annotations: log.annotations,
    durations: { mainMs: main.durationMs, postMs: post?.durationMs ?? 0 },
  };
}

function warnOfUnknownInputs(
  log: StepLog,
  action: ActionFile,
  given: Readonly<Record<string, string>>,
): void {
  const valid = Object.keys(action.inputs);
  const unknown = Object.keys(given).filter((name) => !valid.includes(name.toLowerCase()));
  if (unknown.length === 0) return;
  const message = `Unexpected input(s) '${unknown.join("', '")}', valid inputs are ['${valid.join("', '")}']`;
  log.annotate({ level: 'warning', message, properties: {}, stage: 'main' });
}

async function listLeftovers(temp: string): Promise<string[]> {
  const entries = await readdir(temp);
  return entries.filter((entry) => !RUNNER_OWNED.includes(entry)).sort();
}

const DEFAULT_TIMEOUT_MINUTES = 360;

const MANUAL_EVENT: StepEvent = {
  name: 'workflow_dispatch',
  payload: {
    inputs: null,
    ref: 'refs/heads/main',
    repository: {
      id: 1296269,
      name: 'octo-repo',
      full_name: 'octo-org/octo-repo',
      default_branch: 'main',
      private: true,
      owner: { id: 6811672, login: 'octo-org', type: 'Organization' },
    },
    sender: { id: 583231, login: 'octocat', type: 'User' },
    workflow: '.github/workflows/bottle.yml',
  },
};
