/** Runs jobs that need an image, each in a process of its own, on one runner's store. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { EnsuredImage, ImageRequest } from '../../src/image/request.ts';

const PROGRAM = fileURLToPath(new URL('ensure-process.ts', import.meta.url));

export type JobResult = Pick<EnsuredImage, 'image' | 'facts'> & {
  /** Whether the cache took the image, where the job waited for that. */
  readonly taken?: boolean;
  /** The most that the process held. */
  readonly memoryBytes: number;
  readonly error?: {
    readonly outcome?: string;
    readonly what?: string;
    readonly where?: string;
    readonly fix?: string;
    /** The stack of an error that is no `BottleError`; else empty. */
    readonly text: string;
    readonly fault?: string;
  };
  readonly log: string;
  readonly milliseconds: number;
};

export type Job = {
  readonly process: ChildProcess;
  readonly result: Promise<JobResult>;
  /** Settles when the job's log holds `text`. */
  logged(text: string): Promise<void>;
};

export type Runner = {
  /** The store's root. */
  readonly store: string;
  start(request: Partial<ImageRequest>, env?: Readonly<Record<string, string>>): Job;
  run(request: Partial<ImageRequest>, env?: Readonly<Record<string, string>>): Promise<JobResult>;
};

const DEFAULTS = {
  sha256: '',
  lock: { file: '.bot-bottle/images.lock', text: '' },
  needsRootfs: false,
  cache: 'off',
  trusted: false,
} as const;

/** A runner whose directories are below `folder`. */
export function makeRunner(folder: string): Runner {
  const [tools, temp, workspace] = ['tools', 'temp', 'workspace'].map((name) => join(folder, name));
  for (const path of [tools, temp, workspace]) mkdirSync(path as string, { recursive: true });
  let jobs = 0;

  function start(request: Partial<ImageRequest>, env: Readonly<Record<string, string>> = {}): Job {
    const resultFile = join(folder, `result-${jobs++}.json`);
    const started = performance.now();
    const child = spawn(process.execPath, [PROGRAM, JSON.stringify({ ...DEFAULTS, ...request })], {
      cwd: workspace,
      env: {
        PATH: process.env.PATH,
        HOME: folder,
        NO_PROXY: '127.0.0.1',
        GITHUB_SERVER_URL: 'https://github.com',
        GITHUB_WORKSPACE: workspace,
        RUNNER_TOOL_CACHE: tools,
        RUNNER_TEMP: temp,
        RESULT_FILE: resultFile,
        ...env,
      },
    });
    let log = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        log += chunk.toString();
        child.emit('logged');
      });
    }
    const logged = async (text: string) => {
      while (!log.includes(text)) await once(child, 'logged');
    };
    const result = new Promise<JobResult>((resolve, reject) => {
      child.once('close', () => {
        const milliseconds = performance.now() - started;
        try {
          resolve({ ...JSON.parse(readFileSync(resultFile, 'utf8')), log, milliseconds });
        } catch (error) {
          reject(new Error(`the job left no result: ${log}`, { cause: error }));
        }
      });
    });
    result.catch(() => {}); // for jobs that are killed on purpose
    return { process: child, result, logged };
  }
  const run: Runner['run'] = (request, env) => start(request, env).result;
  return { store: join(tools as string, 'bottle', 'images'), start, run };
}
