/** Bubblewrap, room and the job: what the doctor says of them, and what always holds. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { examineEngine, examineRunner, type RunnerFacts } from '../../src/machine/doctor/doctor.ts';
import type { EngineName } from '../../src/machine/machine.ts';
import { changed, expectFindings, MAC, type Runner, UBUNTU } from './doctor-runner.ts';

const NO_KVM = { device: 'ENOENT', modules: [], answer: undefined };

const RUNNERS: readonly Runner[] = [
  {
    name: 'a Mac, for bubblewrap',
    from: MAC,
    engine: 'bubblewrap',
    boots: false,
    says: ['darwin', '`engine: smolvm`'],
  },
  {
    name: 'Linux with bubblewrap, for it',
    engine: 'bubblewrap',
    change: { kvm: NO_KVM },
    boots: true,
  },
  {
    name: 'no bubblewrap, for it',
    engine: 'bubblewrap',
    change: { namespaces: { bwrap: '', bottle: undefined } },
    boots: false,
    says: ['apt-get install bubblewrap'],
  },
  {
    name: 'no bubblewrap, for smolvm',
    change: { namespaces: { bwrap: '', bottle: undefined } },
    boots: true,
  },
  {
    name: 'AppArmor’s rule, and a profile that exempts bubblewrap',
    engine: 'bubblewrap',
    change: { namespaces: { apparmor: '1' } },
    boots: true,
  },
  {
    name: 'AppArmor’s rule',
    engine: 'bubblewrap',
    change: {
      namespaces: {
        apparmor: '1',
        bottle: {
          kind: 'failed',
          what: 'setting up uid map: Permission denied',
          fix: 'Allow user namespaces.',
        },
      },
    },
    boots: false,
    says: ['uid map', 'apparmor_restrict_unprivileged_userns=0'],
  },
  {
    name: 'AppArmor’s rule, before a boot',
    engine: 'bubblewrap',
    change: { namespaces: { apparmor: '1', bottle: undefined } },
    boots: true,
    says: ['apparmor_restrict_unprivileged_userns=0'],
  },
  {
    name: 'no user namespaces',
    engine: 'bubblewrap',
    change: { namespaces: { maxNamespaces: '0', bottle: undefined } },
    boots: false,
    says: ['max_user_namespaces=15000'],
  },
  {
    name: 'no util-linux',
    engine: 'bubblewrap',
    change: { namespaces: { missing: ['setpriv'] } },
    boots: false,
    says: ['setpriv', 'apt-get install'],
  },
  {
    name: 'a full disk',
    change: { room: { freeDiskMib: 900 } },
    boots: true,
    says: ['900 MiB free'],
  },
  {
    name: 'a disk that cannot be asked',
    change: { room: { freeDiskMib: undefined } },
    boots: true,
  },
  {
    name: 'little memory',
    change: { room: { freeMemoryMib: 1500 } },
    boots: true,
    says: ['a bottle gets 900'],
  },
  {
    name: 'a work folder too far from the root',
    change: { room: { sockets: [{ what: 'socket', length: 108, most: 107 }] } },
    boots: false,
    says: ['108 bytes', 'RUNNER_TEMP'],
  },
  {
    name: 'a checkout that keeps a credential',
    change: { job: { credential: 'an includeIf in .git/config' } },
    boots: true,
    says: ['includeIf', 'persist-credentials: false'],
  },
  {
    name: 'a job with an identity token',
    change: { job: { idToken: true } },
    boots: true,
    says: ['permissions'],
  },
  { name: 'no git', change: { job: { git: '' } }, boots: true, says: ['Install git 2.32'] },
  {
    name: 'an old git',
    change: { job: { git: 'git version 2.31.8' } },
    boots: true,
    says: ['2.31.8'],
  },
  {
    name: 'a git of Apple',
    change: { job: { git: 'git version 2.50.1 (Apple Git-155)' } },
    boots: true,
  },
  { name: 'a cache that may only be read', change: { job: { cacheMode: 'read' } }, boots: true },
  { name: 'no cache', change: { job: { hasCache: false } }, boots: true },
];

test.each(RUNNERS)('$name: $boots', expectFindings);

test('what keeps a run from booting keeps the doctor from passing, whatever the facts', () => {
  const kvm = fc.record({
    device: fc.constantFrom('opened', 'EACCES', 'ENOENT'),
    modules: fc.subarray(['kvm', 'kvm_pvm', 'kvm_intel']),
    cpuFlag: fc.constantFrom('vmx', 'svm', '', undefined),
    nested: fc.boolean(),
    answer: fc.constant(undefined),
  });
  const platform = fc.record({
    platform: fc.constantFrom('linux', 'darwin', 'win32'),
    arch: fc.constantFrom('x64', 'arm64', 'ia32'),
    hosted: fc.boolean(),
    container: fc.constantFrom('', '/.dockerenv'),
    cores: fc.integer({ min: 1, max: 64 }),
  });
  fc.assert(
    fc.property(kvm, platform, fc.constantFrom('smolvm', 'bubblewrap'), (k, p, engine) => {
      const facts = { ...UBUNTU, kvm: k, platform: p } as RunnerFacts;
      const quick = examineEngine(facts, engine as EngineName);
      expect(examineRunner(facts, engine as EngineName)).toEqual(expect.arrayContaining(quick));
    }),
  );
});

test('of the other engine the doctor says why it would not do', () => {
  const facts = changed(UBUNTU, { namespaces: { bwrap: '', bottle: undefined } });
  const other = examineRunner(facts, 'smolvm').find(({ probe }) => /bubblewrap/.test(probe));
  expect(other).toMatchObject({
    level: 'ok',
    found: expect.stringContaining('bwrap: not on PATH'),
  });
});
