/** The environment and the directories that the runner makes for a step. */
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

export type StepEvent = {
  readonly name: string;
  readonly payload: Readonly<Record<string, unknown>>;
};

export type RunnerDirectories = {
  /** `_work`: everything below lies in it. */
  readonly work: string;
  /** RUNNER_TEMP. */
  readonly temp: string;
  /** RUNNER_TOOL_CACHE. */
  readonly tools: string;
};

export const FILE_COMMANDS = [
  'env',
  'path',
  'output',
  'state',
  'step_summary',
  'artifacts',
] as const;

export type FileCommand = (typeof FILE_COMMANDS)[number];

/** A step inherits these from the worker; the developer's other variables are none of its business. */
const INHERITED = ['PATH', 'HOME', 'USER', 'LOGNAME', 'SHELL', 'LANG', 'TZ'] as const;

/** Directories in RUNNER_TEMP that are the runner's own. */
export const RUNNER_OWNED = ['_runner_file_commands', '_github_workflow'];

export async function makeDirectories(work: string, tools?: string): Promise<RunnerDirectories> {
  const directories = { work, temp: join(work, '_temp'), tools: tools ?? join(work, '_tool') };
  for (const name of RUNNER_OWNED) await mkdir(join(directories.temp, name), { recursive: true });
  await mkdir(directories.tools, { recursive: true });
  return directories;
}

/** Five fresh files (six with GITHUB_ARTIFACTS) for one stage. */
export async function makeFileCommands(temp: string): Promise<Record<FileCommand, string>> {
  const id = randomUUID();
  const path = (name: FileCommand) => join(temp, '_runner_file_commands', `${name}_${id}`);
  await Promise.all(FILE_COMMANDS.map((name) => writeFile(path(name), '')));
  return Object.fromEntries(FILE_COMMANDS.map((name) => [name, path(name)])) as Record<
    FileCommand,
    string
  >;
}

export function fileCommandVariables(files: Record<FileCommand, string>): Record<string, string> {
  return Object.fromEntries(
    FILE_COMMANDS.map((name) => [`GITHUB_${name.toUpperCase()}`, files[name]]),
  );
}

export async function baseEnvironment(
  workspace: string,
  directories: RunnerDirectories,
  event: StepEvent,
): Promise<Record<string, string>> {
  const inherited = INHERITED.flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return {
    ...Object.fromEntries(inherited),
    CI: 'true',
    // The Azure client, unlike the others, would send even loopback traffic through a proxy.
    NO_PROXY: '127.0.0.1,localhost',
    ...(await githubVariables(workspace, directories, event)),
    RUNNER_OS: process.platform === 'darwin' ? 'macOS' : 'Linux',
    RUNNER_ARCH: process.arch === 'arm64' ? 'ARM64' : 'X64',
    RUNNER_NAME: 'harness',
    RUNNER_ENVIRONMENT: 'self-hosted',
    RUNNER_TEMP: directories.temp,
    RUNNER_TOOL_CACHE: directories.tools,
    RUNNER_WORKSPACE: dirname(workspace),
    RUNNER_TRACKING_ID: `github_${randomUUID()}`,
  };
}

async function githubVariables(
  workspace: string,
  { temp }: RunnerDirectories,
  event: StepEvent,
): Promise<Record<string, string>> {
  const eventPath = join(temp, '_github_workflow', 'event.json');
  await writeFile(eventPath, JSON.stringify(event.payload, null, 2));
  const { repository, sender, pull_request: pull } = event.payload as KnownPayload;
  const fullName = repository?.full_name ?? 'octo-org/octo-repo';
  const branch = (await git(workspace, 'symbolic-ref', '-q', 'HEAD')) || 'refs/heads/main';
  const ref = event.name === 'pull_request' ? `refs/pull/${pull?.number}/merge` : branch;
  const sha = (await git(workspace, 'rev-parse', '-q', '--verify', 'HEAD')) || '0'.repeat(40);
  const actor = sender?.login ?? 'octocat';
  return {
    GITHUB_ACTIONS: 'true',
    GITHUB_ACTION: '__self',
    GITHUB_ACTION_REF: '',
    GITHUB_ACTION_REPOSITORY: '',
    GITHUB_ACTOR: actor,
    GITHUB_ACTOR_ID: String(sender?.id ?? 583231),
    GITHUB_API_URL: 'https://api.github.com',
    GITHUB_BASE_REF: pull?.base?.ref ?? '',
    GITHUB_EVENT_NAME: event.name,
    GITHUB_EVENT_PATH: eventPath,
    GITHUB_GRAPHQL_URL: 'https://api.github.com/graphql',
    GITHUB_HEAD_REF: pull?.head?.ref ?? '',
    GITHUB_JOB: 'bottle',
    GITHUB_REF: ref,
    GITHUB_REF_NAME: ref.replace(/^refs\/(heads|tags|pull)\//, ''),
    GITHUB_REF_PROTECTED: 'false',
    GITHUB_REF_TYPE: ref.startsWith('refs/tags/') ? 'tag' : 'branch',
    GITHUB_REPOSITORY: fullName,
    GITHUB_REPOSITORY_ID: String(repository?.id ?? 1296269),
    GITHUB_REPOSITORY_OWNER: fullName.split('/')[0] ?? '',
    GITHUB_REPOSITORY_OWNER_ID: String(repository?.owner?.id ?? 6811672),
    GITHUB_RETENTION_DAYS: '90',
    GITHUB_RUN_ATTEMPT: '1',
    GITHUB_RUN_ID: '1658821493',
    GITHUB_RUN_NUMBER: '1',
    GITHUB_SERVER_URL: 'https://github.com',
    GITHUB_SHA: sha,
    GITHUB_TRIGGERING_ACTOR: actor,
    GITHUB_WORKFLOW: 'bottle',
    GITHUB_WORKFLOW_REF: `${fullName}/.github/workflows/bottle.yml@${ref}`,
    GITHUB_WORKFLOW_SHA: sha,
    GITHUB_WORKSPACE: workspace,
  };
}

/** The parts of a webhook's payload that the runner's variables come from. */
type KnownPayload = {
  readonly repository?: {
    readonly id?: number;
    readonly full_name?: string;
    readonly owner?: { readonly id?: number };
  };
  readonly sender?: { readonly login?: string; readonly id?: number };
  readonly pull_request?: {
    readonly number?: number;
    readonly head?: { readonly ref?: string };
    readonly base?: { readonly ref?: string };
  };
};

/** Empty when git says no, or is not there. */
async function git(directory: string, ...args: string[]): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)('git', ['-C', directory, ...args]);
    return stdout.trim();
  } catch {
    return '';
  }
}
