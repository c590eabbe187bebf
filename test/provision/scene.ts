/** A scene for provisioning: a runner, a machine that is a local shell, and a plan, in one folder. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Host } from '../../src/host/host.ts';
import { runProcess, spawnProcess } from '../../src/host/process.ts';
import type { Machine } from '../../src/machine/machine.ts';
import type { Plan, ProvisionPlan } from '../../src/plan/plan.ts';
import { provision } from '../../src/provision/provision.ts';

export type Scene = {
  readonly root: string;
  readonly host: Host;
  readonly machine: Machine & { readonly executed: readonly (readonly string[])[] };
  /** The checkout on the runner, its place in the guest, and the guest's home. */
  readonly workspace: string;
  readonly guestWorkspace: string;
  readonly home: string;
  readonly plan: (parts?: Partial<ProvisionPlan>) => Plan;
  /** Provisions, and returns what came of it. */
  readonly provision: (
    parts?: Partial<ProvisionPlan>,
    options?: { readonly signal?: AbortSignal },
  ) => ReturnType<typeof provision>;
  /** git on the runner, as an ordinary user would run it. */
  readonly git: (...args: string[]) => string;
  /** git in the guest, as the agent. */
  readonly guestGit: (...args: string[]) => string;
  readonly write: (path: string, text: string | Buffer, mode?: number) => void;
};

export type SceneOptions = {
  /** PATH in the guest; default: the runner's own. */
  readonly guestPath?: string;
  readonly shell?: string;
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
  const temp = join(root, 'temp');
  mkdirSync(temp);
  const host = localHost({ RUNNER_TEMP: temp, ...options.env }, options.hasGit ?? true);
  const machine = localMachine(home, options);
  const guestWorkspace = join(home, 'workspace');
  const plan = (parts: Partial<ProvisionPlan> = {}) => makePlan(workspace, home, parts);
  return {
    root,
    host,
    machine,
    workspace,
    guestWorkspace,
    home,
    plan,
    provision: (parts, given = {}) => provision(host, machine, plan(parts), given),
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

export function localHost(env: Readonly<Record<string, string>>, hasGit = true): Host {
  const unused = () => {
    throw new Error('provisioning has no business here');
  };
  const git = execFileSync('sh', ['-c', 'command -v git']).toString().trim();
  return {
    platform: process.platform,
    arch: process.arch,
    uid: process.getuid?.() ?? -1,
    env: { PATH: process.env.PATH ?? '', ...env },
    nodePath: process.execPath,
    gatewayEntry: '',
    log: {
      info: unused,
      debug: unused,
      notice: unused,
      warning: unused,
      error: unused,
      startGroup: unused,
      endGroup: unused,
      openGuestLog: unused,
    },
    facts: unused,
    now: () => Date.now(),
    randomName: unused,
    input: unused,
    run: (argv, options) => runProcess(argv, { env: process.env, ...options }),
    spawn: spawnProcess,
    which: (program) => (program === 'git' && hasGit ? git : undefined),
    saveState: unused,
    state: unused,
    setOutput: unused,
    setSecret: unused,
    writeSummary: unused,
    setFailed: unused,
    cancelled: new AbortController().signal,
  };
}

/** A machine whose guest is this computer: guest paths are paths in the scene's folder. */
export function localMachine(home: string, options: SceneOptions = {}): Scene['machine'] {
  const executed: (readonly string[])[] = [];
  const PATH = options.guestPath ?? process.env.PATH ?? '';
  return {
    executed,
    name: 'bottle-test',
    engine: 'bubblewrap',
    isolation: 'namespaces',
    engineVersion: '0',
    exec: async (argv, given = {}) => {
      executed.push(argv);
      const [program = '', ...rest] = argv;
      const child = await spawnProcess([options.shell ?? program, ...rest], {
        cwd: given.cwd ?? home,
        env: { PATH, HOME: home },
        ...(given.stdin ? { stdin: given.stdin } : {}),
        ...(given.onStdout ? { onStdout: given.onStdout } : {}),
        ...(given.onStderr ? { onStderr: given.onStderr } : {}),
        ...(given.signal ? { signal: given.signal } : {}),
        graceMs: 0,
      });
      const { exitCode, timedOut, aborted, durationMs } = await child.exit;
      return { exitCode: exitCode ?? 137, timedOut, aborted, durationMs };
    },
    stop: async () => {},
    destroy: async () => {},
  };
}

export function makePlan(workspace: string, home: string, parts: Partial<ProvisionPlan>): Plan {
  const sourced = <T>(value: T) => ({ value, source: 'test' });
  return {
    version: 1,
    runId: 'demo-abc12',
    agent: {
      name: sourced('demo'),
      bottles: sourced(['dev']),
      provider: sourced('command'),
      argv: ['true'],
    },
    engine: sourced('bubblewrap'),
    isolation: 'namespaces',
    machine: {
      name: 'bottle-demo-abc12',
      cpus: sourced(1),
      memoryMib: sourced(512),
      storageGib: sourced(1),
    },
    image: sourced({ kind: 'host' }),
    user: { name: 'agent', uid: 1000, gid: 1000, home },
    socket: '/run/bottle/gateway.sock',
    env: [],
    provision: {
      workspace: { from: workspace, to: join(home, 'workspace'), exclude: [] },
      prompt: { text: '', to: join(home, '.claude-bottle-prompt.txt') },
      skills: { list: [], to: join(home, '.claude', 'skills') },
      task: { text: 'Do it.\n', to: join(home, 'task.txt') },
      outputDirectory: join(home, 'outputs'),
      gitUser: { name: 'Bottle Agent', email: 'agent@example.com' },
      ...parts,
    },
    limits: { minutes: sourced(1), idleMinutes: sourced(0), outputMib: sourced(10) },
    outputs: sourced([]),
    resultFile: join(home, 'result.md'),
    artifact: { name: 'bottle', retentionDays: 0 },
  };
}
