/** A host that is this computer, as far as trust looks at it. */
import { execFileSync } from 'node:child_process';
import type { Host } from '../../src/host/host.ts';
import { runProcess, spawnProcess } from '../../src/host/process.ts';

export type TrustHost = Host & {
  /** Every command that was started. */
  readonly started: { readonly argv: readonly string[]; readonly env: object }[];
};

export function makeHost(env: Readonly<Record<string, string>>, hasGit = true): TrustHost {
  const started: { argv: readonly string[]; env: object }[] = [];
  const unused = () => {
    throw new Error('trust has no business here');
  };
  const git = execFileSync('sh', ['-c', 'command -v git']).toString().trim();
  const log = { info: unused, debug: unused, notice: unused, warning: unused, error: unused };
  return {
    started,
    platform: process.platform,
    arch: process.arch,
    uid: process.getuid?.() ?? -1,
    env: { PATH: process.env.PATH ?? '', ...env },
    nodePath: process.execPath,
    gatewayEntry: '',
    log: { ...log, startGroup: unused, endGroup: unused, openGuestLog: unused },
    facts: unused,
    now: () => Date.now(),
    randomName: unused,
    input: unused,
    run: (argv, options) => runProcess(argv, { env: process.env, ...options }),
    spawn: (argv, options) => {
      started.push({ argv, env: options.env });
      return spawnProcess(argv, options);
    },
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
