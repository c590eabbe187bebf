/** Runs calls of GitHub's real clients in a child process whose workspace is a temp directory. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Call } from './client.ts';

export type CallResult = { readonly value?: unknown; readonly error?: string };

export type Workspace = {
  readonly directory: string;
  call(env: Readonly<Record<string, string>>, ...calls: Call[]): Promise<CallResult[]>;
  remove(): Promise<void>;
};

const CLIENT = fileURLToPath(new URL('client.ts', import.meta.url));

export async function makeWorkspace(): Promise<Workspace> {
  const root = await mkdtemp(join(tmpdir(), 'clients-'));
  const directory = join(root, 'workspace');
  const temp = join(root, 'temp');
  await mkdir(directory);
  await mkdir(temp);
  return {
    directory,
    async call(env, ...calls) {
      const resultFile = join(root, 'results.json');
      await promisify(execFile)(process.execPath, [CLIENT, JSON.stringify(calls)], {
        cwd: directory,
        env: {
          PATH: process.env.PATH,
          NO_PROXY: '127.0.0.1',
          GITHUB_WORKSPACE: directory,
          GITHUB_SERVER_URL: 'https://github.com',
          RUNNER_TEMP: temp,
          RESULT_FILE: resultFile,
          ...env,
        },
      });
      return JSON.parse(await readFile(resultFile, 'utf8'));
    },
    remove: () => rm(root, { recursive: true, force: true }),
  };
}
