/**
 * A guest that is a folder of this computer, provisioned for real, what is collected from it, and
 * what the runner makes of it.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type CheckPolicy, DEFAULT_POLICY } from '../../src/git-check/policy.ts';
import { searchSecrets } from '../../src/git-check/secret-search.ts';
import type { Machine } from '../../src/machine/machine.ts';
import { collect } from '../../src/outputs/collect.ts';
import type { Collected } from '../../src/outputs/outputs.ts';
import type { ProvisionPlan } from '../../src/plan/plan.ts';
import { makeProposal } from '../../src/proposal/make-proposal.ts';
import type { Proposal } from '../../src/proposal/proposal.ts';
import { provision } from '../../src/provision/provision.ts';
import type { Provisioned } from '../../src/provision/provisioned.ts';
import { makeScene, type Scene, type SceneOptions } from '../provision/scene.ts';

type CollectRequest = {
  readonly outputs?: readonly string[];
  readonly outputMib?: number;
  readonly given?: Partial<Provisioned>;
  readonly policy?: Partial<CheckPolicy>;
  readonly machine?: Machine;
  readonly signal?: AbortSignal;
};

/** Notices are those of both; the patch is text as far as it can be. */
export type Brought = Collected & {
  readonly proposal: Proposal;
  readonly patch: string;
  readonly changedFiles: readonly string[];
};

export type Guest = Scene & {
  /** Writes a file below the guest's home, as the agent would. */
  leave(path: string, content?: string | Buffer, mode?: number): void;
  /** Provisions from the checkout as it is; needed before a patch. */
  begin(parts?: Partial<ProvisionPlan>): Promise<void>;
  collect(request?: CollectRequest): Promise<Brought>;
  /** What provisioning said. */
  given(): Provisioned;
  readonly directory: string;
};

export function makeGuest(options: SceneOptions = {}): Guest {
  const scene = makeScene(options);
  const directory = join(scene.root, 'artifact');
  let given = NOTHING_GIVEN;
  mkdirSync(join(scene.home, 'outputs'), { recursive: true });
  return {
    ...scene,
    directory,
    leave(path, content = 'content', mode = 0o644) {
      const target = join(scene.home, path);
      mkdirSync(dirname(target), { recursive: true });
      writeFileSync(target, content);
      chmodSync(target, mode);
    },
    async begin(parts) {
      const scratch = join(scene.root, 'scratch');
      mkdirSync(scratch, { recursive: true });
      const { host, machine } = scene;
      given = await provision(host, machine, scene.plan(parts), { scratch, certificate: '' });
    },
    given: () => given,
    async collect(request = {}) {
      const { outputs = [], outputMib = 10, machine = scene.machine, signal } = request;
      const plan = {
        ...scene.plan(),
        outputs: { value: outputs, source: 'test' },
        resultFile: join(scene.home, '.bottle', 'result.md'),
        limits: {
          minutes: { value: 1, source: 'test' },
          idleMinutes: { value: 0, source: 'test' },
          outputMib: { value: outputMib, source: 'test' },
        },
      };
      const provisioned = { ...given, ...request.given };
      const bundles = join(scene.root, 'bundles');
      const search = searchSecrets([]);
      const options = { bundles, search, timeoutMs: 20_000, ...(signal && { signal }) };
      const before = scene.machine.executed.length;
      // A script that is killed leaves its directory to the machine's end.
      const scratch = () => join('/tmp', scene.machine.executed[before]?.[4] ?? 'none');
      onTestFinished(() => rmSync(scratch(), { recursive: true, force: true }));
      const collected = await collect(machine, plan, provisioned, directory, options);
      if (!signal && existsSync(scratch())) throw new Error(`the script left ${scratch()}`);
      return await propose(scene, collected, provisioned, request.policy);
    },
  };
}

const NOTHING_GIVEN: Provisioned = {
  ...{ baseTree: '', baseCommit: '', repository: '', withheld: new Set() },
  ...{ files: 0, bytes: 0, skills: [], programVersion: '', notices: [] },
};

/** What the runner makes of it. */
export async function propose(
  scene: Pick<Scene, 'root' | 'host'>,
  collected: Collected,
  { baseCommit, baseTree, repository, withheld }: Provisioned,
  policy: Partial<CheckPolicy> = {},
): Promise<Brought> {
  const scratch = join(scene.root, 'proposal');
  mkdirSync(scratch, { recursive: true });
  for (const name of ['changes.patch', 'proposal.bundle']) {
    rmSync(join(collected.directory, name), { force: true });
  }
  const proposal = await makeProposal(scene.host, {
    sent: collected.sent,
    base: { commit: baseCommit, tree: baseTree, repository, withheld },
    author: { name: 'Ada', email: 'ada@example.com' },
    message: 'Work of the agent',
    policy: { ...DEFAULT_POLICY, secrets: [], ...policy },
    scratch,
    directory: collected.directory,
    signal: new AbortController().signal,
  });
  const { patch, stat } = proposal.kind === 'change' ? proposal : { patch: '', stat: [] };
  return {
    ...collected,
    proposal,
    patch: patch === '' ? '' : readFileSync(patch, 'utf8'),
    changedFiles: stat.map(({ path }) => path),
    notices: [
      ...collected.notices,
      ...proposal.notices,
      ...(proposal.kind === 'refused' ? [proposal.reason] : []),
    ],
  };
}

export const pathsOf = (collected: Collected) => collected.files.map(({ path }) => path).sort();

export const has = (program: string) => spawnSync(program, ['--help']).error === undefined;

export function locate(program: string): string {
  return spawnSync('sh', ['-c', `command -v ${program}`])
    .stdout.toString()
    .trim();
}

/** A directory of links for PATH: every program of `names` that is here. */
export function pathWith(directory: string, names: readonly string[]): string {
  mkdirSync(directory);
  for (const name of names) {
    const found = spawnSync('sh', ['-c', `command -v ${name}`])
      .stdout.toString()
      .trim();
    if (found.startsWith('/')) symlinkSync(found, join(directory, name));
  }
  return directory;
}

/** A PATH of nothing but busybox and git. */
export function busyboxPath(directory: string): string {
  pathWith(directory, ['busybox', 'git']);
  const applets = execFileSync('busybox', ['--list'], { encoding: 'utf8' }).split('\n');
  for (const name of applets.filter((applet) => applet !== '' && applet !== 'busybox')) {
    symlinkSync(join(directory, 'busybox'), join(directory, name));
  }
  return directory;
}
