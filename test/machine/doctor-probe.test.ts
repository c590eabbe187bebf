/** What the probes ask of a runner, on this one and on files and programs made for them. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Host, RunResult } from '../../src/host/host.ts';
import { probeEngine, probeRunner } from '../../src/machine/doctor/doctor.ts';
import { examineJob, probeJob } from '../../src/machine/doctor/job.ts';
import { probeKvm } from '../../src/machine/doctor/kvm.ts';
import { probeMac } from '../../src/machine/doctor/mac.ts';
import { probePlatform } from '../../src/machine/doctor/platform.ts';
import { engineHost } from './engine-host.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'doctor-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A host on which every command prints `stdout`. */
const saying = (stdout: (argv: readonly string[]) => string, overrides: Partial<Host> = {}) =>
  engineHost({
    run: async (argv): Promise<RunResult> => ({ exitCode: 0, stdout: stdout(argv), stderr: '' }),
    ...overrides,
  });

describe('KVM', () => {
  test('absent, closed, open', async () => {
    const device = join(folder, 'kvm');
    expect((await probeKvm(engineHost(), false, device)).device).toBe('ENOENT');
    writeFileSync(device, '');
    expect((await probeKvm(engineHost(), false, device)).device).toBe('opened');
    chmodSync(device, 0o400);
    const closed = process.getuid?.() === 0 ? 'opened' : 'EACCES';
    expect((await probeKvm(engineHost(), false, device)).device).toBe(closed);
  });

  test.each(['perl', 'python3'])('%s says that a plain file is no KVM', async (name) => {
    const device = join(folder, 'kvm');
    writeFileSync(device, '');
    const own = engineHost();
    const host = {
      ...own,
      which: (program: string) => (program === name ? own.which(name) : undefined),
    };
    if (own.which(name) === undefined)
      return expect((await probeKvm(host, true, device)).answer?.kind).toBe('not probed');
    const { answer } = await probeKvm(host, true, device);
    const said = answer?.kind === 'answered' ? answer.machine : answer?.why;
    expect(said).not.toBe('created');
  });

  test('perl and Python agree on the KVM that is here', async (context) => {
    const own = engineHost();
    const ask = async (name: string) => {
      const which = (program: string) => (program === name ? own.which(name) : undefined);
      return await probeKvm({ ...own, which }, true);
    };
    const perl = await ask('perl');
    if (perl.device !== 'opened') context.skip(`needs /dev/kvm: ${perl.device}`);
    if (own.which('python3') === undefined) context.skip('needs python3: apt-get install python3');
    expect(perl.answer).toMatchObject({ kind: 'answered', api: '12' });
    expect((await ask('python3')).answer).toEqual(perl.answer);
  });

  test('is not asked where nothing could ask it', async () => {
    const device = join(folder, 'kvm');
    writeFileSync(device, '');
    const { answer } = await probeKvm(engineHost({ which: () => undefined }), true, device);
    expect(answer).toMatchObject({ kind: 'not probed' });
  });
});

describe('a Mac', () => {
  test('is asked by sysctl', async () => {
    const host = saying(([, , name]) => (name === 'kern.hv_support' ? '1\n' : '0\n'));
    expect(await probeMac(host)).toMatchObject({ support: '1', guest: '0' });
  });

  test('that does not answer is unknown', async () => {
    const host = engineHost({ run: () => Promise.reject(new Error('cannot start')) });
    expect(await probeMac(host)).toMatchObject({ support: 'unknown', guest: 'unknown' });
  });
});

describe('the job', () => {
  const credentialIn = async (config: string) => {
    mkdirSync(join(folder, '.git'), { recursive: true });
    writeFileSync(join(folder, '.git', 'config'), config);
    return (await probeJob(engineHost({ env: { GITHUB_WORKSPACE: folder } }))).credential;
  };

  test.each([
    ['', ''],
    ['[remote "origin"]\n\turl = https://github.com/o/r\n\tfetch = +refs/heads/*', ''],
    ['[http "https://github.com/"]\n\textraheader = AUTHORIZATION: basic eDp5\n', 'extraheader'],
    ['[includeIf "gitdir:/w/.git"]\n\tpath = /t/git-credentials-1f.config\n', 'includeIf'],
    ['[core]\n\tsshCommand = ssh -i "/t/key" -o StrictHostKeyChecking=yes\n', 'sshCommand'],
    ['[remote "origin"]\n\turl = https://x:y@github.com/o/r\n', 'password'],
  ])('keeps with %j: %j', async (config, how) => {
    expect(await credentialIn(config)).toContain(how);
  });

  test('says no secret when it finds one', async () => {
    mkdirSync(join(folder, '.git'));
    const config = '[remote "o"]\n\turl = https://x:s3cret@github.com/o/r\n';
    writeFileSync(join(folder, '.git', 'config'), config);
    const facts = await probeJob(engineHost({ env: { GITHUB_WORKSPACE: folder } }));
    expect(JSON.stringify(examineJob(facts))).not.toContain('s3cret');
  });

  test('has what its variables tell', async () => {
    const env = {
      ACTIONS_ID_TOKEN_REQUEST_URL: 'https://x/?y',
      ACTIONS_CACHE_MODE: 'read',
      ACTIONS_RESULTS_URL: 'https://z',
    };
    const facts = await probeJob(engineHost({ env }));
    expect(facts).toMatchObject({
      idToken: true,
      cacheMode: 'read',
      hasCache: true,
      credential: '',
    });
  });
});

test('a runner is taken for what it says and shows', () => {
  const host = engineHost({
    platform: 'linux',
    env: { RUNNER_ENVIRONMENT: 'github-hosted', KUBERNETES_SERVICE_HOST: '10.0.0.1' },
  });
  expect(probePlatform(host)).toMatchObject({
    hosted: true,
    container: expect.stringMatching(/./),
  });
  expect(probePlatform(engineHost({ platform: 'darwin' })).container).toBe('');
});

test('all of this runner is probed, and a bottle that fails is told, not thrown', async () => {
  const trials = { bottle: () => Promise.reject(new Error('no walls')), sockets: [] };
  const facts = await probeRunner(engineHost({ env: { RUNNER_TEMP: folder } }), trials);
  expect(facts.room.freeDiskMib).toBeGreaterThan(0);
  const { bwrap, bottle } = facts.namespaces ?? {};
  if (bwrap) expect(bottle).toEqual({ kind: 'failed', what: 'no walls', fix: 'See the message.' });
});

test('before a boot nothing is started to look at Linux', async () => {
  const run = () => Promise.reject(new Error('started'));
  const host = engineHost({ platform: 'linux', run, spawn: run });
  for (const engine of ['smolvm', 'bubblewrap'] as const) await probeEngine(host, engine);
});
