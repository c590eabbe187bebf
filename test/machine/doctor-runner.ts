/** Runners as the doctor sees them, to be changed in one thing or another. */
import { expect } from 'vitest';
import { examineRunner, type RunnerFacts } from '../../src/machine/doctor/doctor.ts';
import type { EngineName } from '../../src/machine/machine.ts';

export type Change = { readonly [K in keyof RunnerFacts]?: Partial<RunnerFacts[K]> };

/** GitHub's `ubuntu-latest` after `sudo chmod 666 /dev/kvm`, with a checkout that keeps no credential. */
export const UBUNTU: RunnerFacts = {
  platform: { platform: 'linux', arch: 'x64', hosted: true, container: '', cores: 4 },
  kvm: {
    device: 'opened',
    modules: ['kvm', 'kvm_amd'],
    cpuFlag: 'svm',
    nested: true,
    answer: { kind: 'answered', api: '12', machine: 'created' },
  },
  mac: undefined,
  namespaces: {
    bwrap: '/usr/bin/bwrap',
    missing: [],
    maxNamespaces: '63459',
    apparmor: '0',
    bottle: { kind: 'held' },
  },
  room: {
    cores: 4,
    memoryMib: 15_989,
    freeMemoryMib: 14_200,
    freeDiskMib: 21_000,
    sockets: [{ what: "the machine's socket", length: 86, most: 107 }],
  },
  job: {
    git: 'git version 2.51.0',
    credential: '',
    idToken: false,
    cacheMode: 'write',
    hasCache: true,
  },
};

/** A Mac with Apple Silicon that somebody owns. */
export const MAC: RunnerFacts = {
  ...UBUNTU,
  platform: { platform: 'darwin', arch: 'arm64', hosted: false, container: '', cores: 10 },
  kvm: undefined,
  mac: { support: '1', guest: '0', hidden: [] },
  namespaces: undefined,
};

/** The runner with other facts. A part that is undefined on it stays so. */
export function changed(runner: RunnerFacts, change: Change): RunnerFacts {
  const parts = Object.entries(change).map(([part, facts]) => {
    const before = runner[part as keyof RunnerFacts];
    return [part, before && facts && { ...before, ...facts }];
  });
  return { ...runner, ...Object.fromEntries(parts) };
}

export type Runner = {
  readonly name: string;
  /** Default: `UBUNTU`. */
  readonly from?: RunnerFacts;
  readonly change?: Change;
  /** Default: smolvm. */
  readonly engine?: EngineName;
  /** Whether a bottle boots. */
  readonly boots: boolean;
  /** What the findings that are not ok must say together; nothing: there are none. */
  readonly says?: readonly (RegExp | string)[];
};

export function expectFindings(runner: Runner): void {
  const { from = UBUNTU, change = {}, engine = 'smolvm', boots, says = [] } = runner;
  const findings = examineRunner(changed(from, change), engine);
  const failed = findings.filter(({ level }) => level === 'fail');
  expect(failed.length === 0, JSON.stringify(failed)).toBe(boots);
  const bad = findings.filter(({ level }) => level !== 'ok');
  const text = bad.map(({ probe, found, remedy }) => `${probe}: ${found} · ${remedy}`).join('\n');
  for (const words of says) expect(text).toMatch(words);
  if (says.length === 0) expect(text).toBe('');
  for (const { level, probe, found, remedy } of findings) {
    expect(probe).not.toBe('');
    expect(found).not.toBe('');
    expect(remedy === '').toBe(level === 'ok');
    expect(`${probe}${found}${remedy}`).not.toMatch(/[\n|]/);
  }
}
