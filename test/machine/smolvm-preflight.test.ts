/** Runners that cannot boot smolvm are told why. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { RunResult } from '../../src/host/host.ts';
import {
  featureFinding,
  hypervisorFinding,
  kvmFinding,
  parseVersion,
  platformFinding,
  preflightSmolvm,
  versionFinding,
} from '../../src/machine/smolvm-preflight.ts';
import { DOUBLE } from '../smolvm-double/double.ts';
import { engineHost } from './engine-host.ts';

const directory = mkdtempSync(join(tmpdir(), 'preflight-'));
afterAll(() => rmSync(directory, { recursive: true }));

/** A host on which every command prints `stdout`. */
const saying = (stdout: string | ((argv: readonly string[]) => string), overrides = {}) =>
  engineHost({
    run: async (argv): Promise<RunResult> => ({
      exitCode: 0,
      stdout: typeof stdout === 'string' ? stdout : stdout(argv),
      stderr: '',
    }),
    ...overrides,
  });

describe('preflight', () => {
  test.each([
    ['linux', 'x64', true],
    ['linux', 'arm64', true],
    ['darwin', 'arm64', true],
    ['darwin', 'x64', false],
    ['win32', 'x64', false],
    ['linux', 'riscv64', false],
  ])('%s on %s: %s', (platform, arch, ok) => {
    expect(platformFinding(engineHost({ platform, arch })).ok).toBe(ok);
  });

  test.each([
    ['smolvm 1.9.2\n', ''],
    ['smolvm 1.32.4\n', ''],
    ['smolvm 2.0.0-rc1\n', ''],
    ['smolvm 1.9.1\n', 'Install smolvm 1.9.2'],
    ['smolvm 1.0.2\n', 'Install smolvm 1.9.2'],
    ['smolvm 1.0.1\n', 'another command syntax'],
    ['smolvm 0.8.0\n', 'another command syntax'],
    ['hello\n', 'not smolvm'],
    ['', 'not smolvm'],
  ])('version %j: %j', async (stdout, remedy) => {
    const finding = await versionFinding(saying(stdout), '/x/smolvm');
    expect(finding.ok).toBe(remedy === '');
    expect(finding.remedy).toContain(remedy);
  });

  test('a version is read whole or not at all', () => {
    expect(parseVersion('smolvm 1.9.2\n')).toEqual([1, 9, 2]);
    expect(parseVersion('smolvm 1.9')).toBeUndefined();
    expect(parseVersion('x smolvm 1.9.2')).toBeUndefined();
  });

  test('a program that is not there is a finding', async () => {
    const finding = await versionFinding(engineHost(), '/no/such/smolvm');
    expect(finding).toMatchObject({ ok: false, found: expect.stringContaining('ENOENT') });
  });

  test('options that are missing are named', async () => {
    const help = (argv: readonly string[]) =>
      argv.includes('exec')
        ? '--name --workdir --timeout -i'
        : '--name --force --from --cpus --mem';
    const finding = await featureFinding(saying(help), '/x/smolvm');
    expect(finding.ok).toBe(false);
    expect(finding.found).toContain('exec --secret-env');
    expect(finding.found).toContain('create --mount-socket');
  });

  test('the double has all that is asked', async () => {
    const findings = await preflightSmolvm(engineHost(), DOUBLE);
    expect(findings.slice(0, 3).map(({ ok }) => ok)).toEqual([true, true, true]);
  });

  test('KVM: there, absent', async () => {
    const device = join(directory, 'kvm');
    writeFileSync(device, '');
    expect(await kvmFinding(device)).toMatchObject({ ok: true, remedy: '' });
    expect((await kvmFinding(join(directory, 'none'))).remedy).toContain('ubuntu-latest');
  });

  test.each([
    ['1', '0', true],
    ['1', '1', false],
    ['0', '0', false],
  ])('macOS: hv_support %s, hv_vmm_present %s', async (support, guest, ok) => {
    const host = saying((argv) => (argv.includes('kern.hv_support') ? support : guest));
    expect((await hypervisorFinding(host)).ok).toBe(ok);
  });
});
