/** A repository with a manifest, a results service, and the built action to run on it. */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach } from 'vitest';
import { type ResultsService, startResultsService } from '../results-service/service.ts';
import {
  type RunningStep,
  type StepRequest,
  type StepResult,
  startStep,
} from '../runner/run-step.ts';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
export const HELLO = { agent: 'hello', task: 'Greet Ada', engine: 'bubblewrap' } as const;

/** Why no bottle can be run here; empty when one can. */
export const NO_BOTTLE = existsSync('/usr/bin/bwrap')
  ? ''
  : 'needs bwrap: apt-get install bubblewrap';

/** At the head of a test file: names each of its tests as not run where there is no bubblewrap. */
export function skipWithoutBottle(): void {
  beforeEach(({ skip }) => skip(NO_BOTTLE !== '', NO_BOTTLE));
}

export type Scene = {
  readonly workspace: string;
  readonly service: ResultsService;
  start(request?: Partial<StepRequest>): Promise<RunningStep>;
  run(request?: Partial<StepRequest>): Promise<StepResult>;
  /** The files of all artifacts of the run, by path. */
  artifact(result: StepResult): Promise<Map<string, Buffer>>;
  close(): Promise<void>;
};

export type ArtifactOutput = Record<'name' | 'id' | 'url' | 'digest', string> & { size: number };

export function artifactsOf({ outputs }: StepResult): Readonly<Record<string, ArtifactOutput>> {
  return JSON.parse(outputs.artifacts || '{}');
}

/** `files` by path; absent: the hello example. */
export async function openScene(files?: Readonly<Record<string, string>>): Promise<Scene> {
  const workspace = mkdtempSync(join(tmpdir(), 'scene-'));
  if (files === undefined) cpSync(join(ROOT, 'examples/hello'), workspace, { recursive: true });
  for (const [path, text] of Object.entries(files ?? {})) {
    mkdirSync(dirname(join(workspace, path)), { recursive: true });
    writeFileSync(join(workspace, path), text);
  }
  git(workspace, 'init', '-q', '-b', 'main');
  git(workspace, 'add', '-A');
  git(workspace, 'commit', '-q', '-m', 'first');
  const service = await startResultsService();
  const start = (request: Partial<StepRequest> = {}) =>
    startStep({
      actionDir: ROOT,
      workspace,
      serviceEnv: service.env,
      token: 'ghs_0123456789abcdefghijklmnopqrstuvwxyz',
      ...request,
      inputs: { ...HELLO, 'manifest-ref': 'worktree', ...request.inputs },
    });
  return {
    workspace,
    service,
    start,
    run: async (request) => (await start(request)).result,
    async artifact(result) {
      // The result's own record comes last, over the proposal's.
      const names = Object.values(artifactsOf(result)).map(({ name }) => name);
      const files = await Promise.all(names.reverse().map(service.readArtifact));
      return new Map(files.flatMap((its) => [...its]));
    },
    close: async () => {
      await service.close();
      rmSync(workspace, { recursive: true, force: true });
    },
  };
}

export function git(cwd: string, ...args: string[]): string {
  const identity = ['-c', 'user.name=Test', '-c', 'user.email=test@example.invalid'];
  return execFileSync('git', [...identity, ...args], { cwd, encoding: 'utf8' });
}

/** A manifest whose agent `a` runs `script`, with more fields of its bottle. */
export function scripted(script: string, bottle: object = {}): Record<string, string> {
  const manifest = {
    bottles: { dev: { agent_provider: { template: 'command', command: script }, ...bottle } },
    agents: { hello: { bottle: 'dev', prompt: 'Be good.' } },
  };
  return { 'bot-bottle.json': JSON.stringify(manifest), 'readme.txt': 'one\n' };
}
