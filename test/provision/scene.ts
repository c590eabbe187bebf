/** A scene for provisioning: a runner, a machine that is a local shell, and a plan. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Host } from '../../src/host/host.ts';
import type { GitPlan } from '../../src/plan/git-plan.ts';
import type { ProvisionPlan } from '../../src/plan/plan.ts';
import { provision } from '../../src/provision/provision.ts';
import { type GuestOptions, type LocalMachine, localHost, localMachine } from './local.ts';
import { makePlan, type ProvisionInput } from './plan.ts';

export type Scene = {
  readonly root: string;
  /** Empty, and to be left empty. */
  readonly scratch: string;
  readonly host: Host;
  readonly machine: LocalMachine;
  /** The checkout on the runner, its place in the guest, and the guest's home. */
  readonly workspace: string;
  readonly guestWorkspace: string;
  readonly home: string;
  readonly plan: (parts?: Partial<ProvisionPlan>) => ProvisionInput;
  /** Provisions, and returns what came of it. */
  readonly provision: (
    parts?: Partial<ProvisionPlan>,
    options?: {
      readonly signal?: AbortSignal;
      readonly certificate?: string;
      readonly gate?: Pick<GitPlan, 'remotes' | 'origin'>;
    },
  ) => ReturnType<typeof provision>;
  /** git on the runner, as an ordinary user would run it. */
  readonly git: (...args: string[]) => string;
  /** git in the guest, as the agent. */
  readonly guestGit: (...args: string[]) => string;
  readonly write: (path: string, text: string | Buffer, mode?: number) => void;
};

export type SceneOptions = GuestOptions & {
  readonly hasGit?: boolean;
  readonly env?: Readonly<Record<string, string>>;
};

export function makeScene(options: SceneOptions = {}): Scene {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'provision-test-')));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const [workspace, guest] = [join(root, 'runner', 'checkout'), join(root, 'guest')];
  const home = join(guest, 'home');
  mkdirSync(workspace, { recursive: true });
  mkdirSync(home, { recursive: true });
  const scratch = join(root, 'scratch');
  mkdirSync(scratch);
  const host = localHost({ ...options.env }, options.hasGit ?? true);
  const machine = localMachine(home, options);
  const guestWorkspace = join(home, 'workspace');
  const plan = (parts: Partial<ProvisionPlan> = {}) => makePlan(workspace, home, parts);
  return {
    root,
    scratch,
    host,
    machine,
    workspace,
    guestWorkspace,
    home,
    plan,
    provision: (parts, { gate, ...given } = {}) => {
      const whole = plan(parts);
      const git = { ...whole.git, ...gate };
      return provision(host, machine, { ...whole, git }, { scratch, certificate: '', ...given });
    },
    git: (...args) => runGit(workspace, join(root, 'runner'), args),
    guestGit: (...args) => runGit(guestWorkspace, home, args),
    write: (path, text, mode = 0o644) => {
      const target = join(workspace, path);
      mkdirSync(dirname(target), { recursive: true });
      writeFileSync(target, text, { mode });
    },
  };
}

function runGit(cwd: string, home: string, args: readonly string[]): string {
  const env = { PATH: process.env.PATH, HOME: home, GIT_CONFIG_NOSYSTEM: '1' };
  return execFileSync('git', args, {
    cwd,
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}
