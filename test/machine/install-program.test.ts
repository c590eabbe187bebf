/** A program is a smolvm that the engine can drive, or is told what it lacks. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { RunResult } from '../../src/host/host.ts';
import { probeProgram, readVersion } from '../../src/machine/install/program.ts';
import { chooseRelease, findChecksum, PINNED_VERSION } from '../../src/machine/install/release.ts';
import { DOUBLE } from '../smolvm-double/double.ts';
import { engineHost } from './engine-host.ts';

const folder = mkdtempSync(join(tmpdir(), 'program-'));
afterAll(() => rmSync(folder, { recursive: true }));

const ALL =
  '--name --from --cpus --mem --storage --mount-socket --label --workdir --timeout --secret-env -i --force';

/** A host on which smolvm says `version`, its help pages `help`, and codesign `entitlements`. */
const saying = (version: string, help = ALL, entitlements = '', platform = 'linux') =>
  engineHost({
    platform,
    run: async (argv): Promise<RunResult> => {
      const isSign = argv[0] === '/usr/bin/codesign';
      const stdout = isSign ? entitlements : argv.includes('--version') ? version : help;
      return { exitCode: 0, stdout, stderr: '' };
    },
  });

test.each([
  ['smolvm 1.9.2\n', ''],
  ['smolvm 1.32.4\n', ''],
  ['smolvm 2.0.0-rc1\n', ''],
  ['smolvm 1.9.1\n', 'version 1.9.1'],
  ['smolvm 1.0.2\n', 'version 1.0.2'],
  ['smolvm 1.0.1\n', 'whose command line is another one'],
  ['smolvm 0.8.0\n', 'whose command line is another one'],
  ['hello\n', 'hello'],
  ['', 'it prints no version'],
])('%j: %j', async (version, found) => {
  const { faults } = await probeProgram(saying(version), '/x/smolvm');
  expect(faults.map((fault) => fault.found).join()).toContain(found);
  expect(faults).toHaveLength(found === '' ? 0 : 1);
});

test('a version is read whole or not at all', () => {
  expect(readVersion('smolvm 1.9.2\n')).toBe('1.9.2');
  expect(readVersion('smolvm 1.9')).toBeUndefined();
  expect(readVersion('x smolvm 1.9.2')).toBeUndefined();
});

test('a program that is not there has a fault', async () => {
  const { version, faults } = await probeProgram(engineHost(), '/no/such/smolvm');
  expect({ version, faults }).toMatchObject({ version: '', faults: [{ found: /ENOENT/ }] });
});

test('options that are missing are named', async () => {
  const { faults } = await probeProgram(saying('smolvm 1.9.2\n', '--name --force -i'), '/x/smolvm');
  expect(faults[0]?.found).toContain('exec --secret-env');
  expect(faults[0]?.found).toContain('create --mount-socket');
});

test('the double has all that is asked', async () => {
  expect((await probeProgram(engineHost(), DOUBLE)).faults).toEqual([]);
});

test.each([
  ['<key>com.apple.security.hypervisor</key><true/>', 0],
  ['[Key] com.apple.security.hypervisor', 0],
  ['', 1],
])('on macOS it keeps its entitlement: %j', async (entitlements, count) => {
  const path = join(folder, 'smolvm');
  writeFileSync(path, '');
  writeFileSync(join(folder, 'smolvm-bin'), '');
  const host = saying('smolvm 1.9.2\n', ALL, entitlements, 'darwin');
  const { faults } = await probeProgram(host, path);
  expect(faults).toHaveLength(count);
  for (const { found } of faults) expect(found).toContain('smolvm-bin lacks the entitlement');
});

const LINUX = { platform: 'linux', arch: 'x64', env: {} };
const ASKED = { smolvmVersion: '1.9.2', smolvmSha256: '' };

test('a release is the pinned one, from smolvm’s own place, unless it is said otherwise', () => {
  const pinned = chooseRelease(LINUX, { smolvmVersion: '', smolvmSha256: '' });
  expect(pinned.archive).toBe(`smolvm-${PINNED_VERSION}-linux-x86_64.tar.gz`);
  expect(pinned.url).toMatch(/^https:\/\/github\.com\/smol-machines\/smolvm\/.*\/v1\.9\.3$/);
  const env = { BOTTLE_SMOLVM_RELEASES: 'https://mirror.example/smolvm/' };
  const { url } = chooseRelease({ ...LINUX, env }, ASKED);
  expect(url).toBe('https://mirror.example/smolvm/v1.9.2');
});

test('its digest is the input’s, else the one on record', () => {
  const digests = { '1.9.2': { 'linux-x86_64': 'd'.repeat(64) } };
  expect(chooseRelease(LINUX, ASKED, digests).sha256).toBe('d'.repeat(64));
  const given = { ...ASKED, smolvmSha256: 'e'.repeat(64) };
  expect(chooseRelease(LINUX, given, digests).sha256).toBe('e'.repeat(64));
  expect(chooseRelease({ ...LINUX, arch: 'arm64' }, ASKED, digests).sha256).toBe('');
});

test('checksums are read as sha256sum writes them', () => {
  const release = chooseRelease(LINUX, ASKED);
  const line = (digest: string, mark: string) => `${digest} ${mark}${release.archive}\r\n`;
  expect(findChecksum(line('A'.repeat(64), ' '), release)).toBe('a'.repeat(64));
  expect(findChecksum(line('b'.repeat(64), '*').repeat(2), release)).toBe('b'.repeat(64));
  expect(() => findChecksum(`${'a'.repeat(64)}  x${release.archive}`, release)).toThrow(
    '0 digests',
  );
});
