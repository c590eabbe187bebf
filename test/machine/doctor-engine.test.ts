/** A run begins only with an engine that can boot; `mode: doctor` says so in log, summary and exit. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { answerDoctor } from '../../src/answer.ts';
import type { Host } from '../../src/host/host.ts';
import { readInputs } from '../../src/inputs.ts';
import { requireEngine } from '../../src/machine/engine.ts';
import { closeServers } from '../image/file-server.ts';
import { CHECKSUMS_PATH, serveRelease } from '../release-server/release.ts';
import { inputVariables, readActionFile } from '../runner/action-file.ts';
import { DOUBLE } from '../smolvm-double/double.ts';
import { whyNoBottle } from './bottle.ts';
import { engineHost } from './engine-host.ts';

const NOTHING_ASKED = { smolvmVersion: '', smolvmSha256: '' };
const PATH = process.env.PATH ?? '';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'doctor-engine-'));
});
afterEach(() => {
  closeServers();
  rmSync(folder, { recursive: true, force: true });
});

/** A Mac; `guest`: a virtual one. */
function mac(guest: '0' | '1', env: Host['env'] = {}) {
  const real = engineHost();
  return engineHost({
    platform: 'darwin',
    arch: 'arm64',
    which: () => undefined,
    env: { PATH, RUNNER_TEMP: folder, RUNNER_TOOL_CACHE: folder, ...env },
    run: async (argv, options) => {
      if (argv[0] === '/usr/bin/codesign') {
        return { exitCode: 0, stdout: 'com.apple.security.hypervisor', stderr: '' };
      }
      if (argv[0] !== '/usr/sbin/sysctl') return await real.run(argv, options);
      return { exitCode: 0, stdout: argv.at(-1) === 'kern.hv_support' ? '1' : guest, stderr: '' };
    },
  });
}

describe('before a boot', () => {
  test('a runner without a hypervisor is refused, and nothing is downloaded', async () => {
    const server = await serveRelease();
    const host = mac('1', { BOTTLE_SMOLVM_RELEASES: server.url });
    await expect(requireEngine(host, 'smolvm', NOTHING_ASKED)).rejects.toMatchObject({
      outcome: 'boot-failed',
      where: expect.stringContaining('kern.hv_vmm_present'),
      fix: expect.stringMatching(/ubuntu-latest.*bare-metal Apple Silicon.*engine: bubblewrap/s),
    });
    expect(server.hits.size).toBe(0);
  });

  test('it is let through with a warning where the workflow insists', async () => {
    const host = mac('1', { SMOLVM_BIN: DOUBLE, BOTTLE_BOOT_ANYWAY: 'true' });
    const engine = await requireEngine(host, 'smolvm', NOTHING_ASKED);
    expect(engine).toMatchObject({ name: 'smolvm', smolvm: { path: DOUBLE } });
    expect(host.lines.join('\n')).toContain('kern.hv_vmm_present');
  });

  test('a runner that can boot is not warned', async () => {
    const host = mac('0', { SMOLVM_BIN: DOUBLE });
    expect(await requireEngine(host, 'smolvm', NOTHING_ASKED)).toMatchObject({ name: 'smolvm' });
    expect(host.lines.join('\n')).not.toContain('hv_vmm_present');
  });

  test('bubblewrap is required by name, and is no way out for smolvm', async () => {
    await expect(requireEngine(mac('0'), 'bubblewrap', NOTHING_ASKED)).rejects.toMatchObject({
      where: expect.stringContaining('darwin'),
    });
    const linux = engineHost({ platform: 'linux', which: () => undefined });
    await expect(requireEngine(linux, 'bubblewrap', NOTHING_ASKED)).rejects.toMatchObject({
      fix: expect.stringContaining('apt-get install bubblewrap'),
    });
  });
});

const action = await readActionFile(join(import.meta.dirname, '../..'));

/** What `mode: doctor` leaves behind on `host`. */
async function doctor(host: ReturnType<typeof engineHost>, given: Record<string, string> = {}) {
  const variables = inputVariables(action, { mode: 'doctor', ...given }, '');
  const input = (name: string) => (variables[`INPUT_${name.toUpperCase()}`] ?? '').trim();
  let summary = '';
  const writeSummary = async (markdown: string) => {
    summary = markdown;
  };
  const inputs = readInputs({ input, env: {} });
  const failure = await answerDoctor({ ...host, writeSummary }, inputs);
  return { failure, summary, log: host.lines.join('\n') };
}

describe('mode: doctor', () => {
  test('needs neither agent nor task, and passes where a bottle boots', async () => {
    const { failure, summary, log } = await doctor(mac('0', { SMOLVM_BIN: DOUBLE }));
    expect(failure).toBeUndefined();
    expect(summary).toMatch(/^## PASS: nothing here speaks against a bottle with smolvm/);
    expect(log).toMatch(/^ok {3}smolvm: 1\.9\.2 from SMOLVM_BIN/m);
  });

  test('fails where none boots, with the labels that work', async () => {
    const { failure, summary, log } = await doctor(mac('1'));
    expect(failure).toMatch(/^This runner cannot boot a bottle with smolvm: Hypervisor/);
    expect(summary).toMatch(/^## FAIL: /);
    expect(summary).toContain('`ubuntu-latest`');
    expect(log).toMatch(/^FAIL Hypervisor\.framework .*: 1, 1 · A virtual Mac/m);
    expect(log).toMatch(/^ok {3}the other engine, bubblewrap: no: platform: darwin-arm64/m);
  });

  test('fails where smolvm cannot be had, and says why', async () => {
    const server = await serveRelease({ [CHECKSUMS_PATH]: (response) => void response.end('') });
    const host = mac('0', { BOTTLE_SMOLVM_RELEASES: server.url });
    const { failure, log } = await doctor(host, { 'smolvm-version': '1.9.2' });
    expect(failure).toMatch(/: smolvm$/);
    expect(log).toMatch(/^FAIL smolvm: .*has 0 digests/m);
  });

  test('makes a bottle for bubblewrap, and leaves nothing of it', async (context) => {
    const obstacle = await whyNoBottle();
    if (obstacle !== '') context.skip(obstacle);
    const env = { PATH, RUNNER_TEMP: folder };
    const { failure, log } = await doctor(engineHost({ env }), { engine: 'bubblewrap' });
    expect(failure).toBeUndefined();
    expect(log).toContain('a command ran in it');
    expect(readdirSync(folder)).toEqual([]);
  });
});
