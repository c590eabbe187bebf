/** smolvm is found or installed: whole, verified, once; or an error says what to do. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { BottleError } from '../../src/errors.ts';
import type { Host } from '../../src/host/host.ts';
import { ensureSmolvm } from '../../src/machine/install/install.ts';
import { PINNED_VERSION } from '../../src/machine/install/release.ts';
import { type Answer, closeServers } from '../image/file-server.ts';
import {
  ARCHIVE,
  ARCHIVE_PATH,
  CHECKSUMS_PATH,
  DOUBLE_VERSION,
  ENTRIES,
  makeRelease,
  type ReleaseServer,
  serveRelease,
  TEMPLATE,
  TOP,
} from '../release-server/release.ts';
import { DOUBLE } from '../smolvm-double/double.ts';
import { engineHost } from './engine-host.ts';

const PATH = process.env.PATH ?? '';
const LIMITS = { retryMs: 1, stallMs: 20_000 };
const ASKED = { smolvmVersion: DOUBLE_VERSION, smolvmSha256: '' };
const NOTHING_ASKED = { smolvmVersion: '', smolvmSha256: '' };

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'install-'));
  mkdirSync(join(folder, 'temp'));
});
afterEach(() => {
  closeServers();
  rmSync(folder, { recursive: true, force: true });
});

/** A runner with an empty tool cache and no smolvm. */
function runner(server: { readonly url: string }, overrides: Partial<Host> = {}) {
  const env = {
    PATH,
    RUNNER_TOOL_CACHE: join(folder, 'tools'),
    RUNNER_TEMP: join(folder, 'temp'),
    BOTTLE_SMOLVM_RELEASES: server.url,
  };
  return engineHost({ which: () => undefined, ...overrides, env: { ...env, ...overrides.env } });
}

const root = () => join(folder, 'tools', 'bottle', 'smolvm');
const installations = () =>
  existsSync(root()) ? readdirSync(root()).filter((name) => !name.startsWith('.')) : [];

/** Nothing half-done, neither in the tool cache nor in the temp directory. */
function expectTidy(): void {
  expect(readdirSync(join(folder, 'temp'))).toEqual([]);
  const temporary = join(root(), '.temporary');
  expect(existsSync(temporary) ? readdirSync(temporary) : []).toEqual([]);
}

async function failure(work: Promise<unknown>): Promise<BottleError> {
  const error = await work.then(
    () => new Error('it succeeded'),
    (thrown: unknown) => thrown,
  );
  if (error instanceof BottleError) return error;
  throw error;
}

describe('a release', () => {
  let server: ReleaseServer;
  beforeEach(async () => {
    server = await serveRelease();
  });

  test('is installed whole, and its program runs in place', async () => {
    const smolvm = await ensureSmolvm(runner(server), ASKED, LIMITS);
    const platform = TOP.replace(`smolvm-${DOUBLE_VERSION}-`, '');
    const key = `${DOUBLE_VERSION}-${platform}-${server.sha256.slice(0, 16)}`;
    const home = join(root(), key);
    expect(smolvm).toMatchObject({ path: join(home, 'smolvm'), version: DOUBLE_VERSION });
    expect(smolvm.origin).toBe('release');
    const { stdout } = await engineHost().run([smolvm.path, '--version']);
    expect(stdout).toBe(`smolvm ${DOUBLE_VERSION}\n`);
    expect(readlinkSync(join(home, 'lib/libkrun.so'))).toBe('libkrun.so.1.2');
    expect(readlinkSync(join(home, 'agent-rootfs/bin/gone'))).toBe('/no/such/program');
    const { ino } = statSync(join(home, 'agent-rootfs/bin/busybox'));
    expect(statSync(join(home, 'agent-rootfs/bin/ash')).ino).toBe(ino);
    expect(installations()).toEqual([key]);
    expectTidy();
  });

  test('has its disk templates expanded, holes kept', async () => {
    const { path } = await ensureSmolvm(runner(server), ASKED, LIMITS);
    const template = join(path, '..', 'storage-template.ext4');
    expect(readFileSync(template).equals(TEMPLATE)).toBe(true);
    expect(existsSync(`${template}.zst`)).toBe(false);
  });

  test('is used as it lies there the next time', async () => {
    await ensureSmolvm(runner(server), ASKED, LIMITS);
    const again = await ensureSmolvm(runner(server), ASKED, LIMITS);
    expect(again.origin).toBe('tool cache');
    expect(server.hits.get(ARCHIVE_PATH)).toBe(1);
  });

  test('needs no network the next time when its digest is given', async () => {
    const request = { ...ASKED, smolvmSha256: server.sha256 };
    await ensureSmolvm(runner(server), request, LIMITS);
    expect(server.hits.get(CHECKSUMS_PATH)).toBeUndefined();
    closeServers();
    expect((await ensureSmolvm(runner(server), request, LIMITS)).origin).toBe('tool cache');
  });

  test('is downloaded once by many at a time', async () => {
    const all = Array.from({ length: 6 }, () => ensureSmolvm(runner(server), ASKED, LIMITS));
    const origins = (await Promise.all(all)).map(({ origin }) => origin).sort();
    expect(origins).toEqual(['release', ...Array(5).fill('tool cache')]);
    expect(server.hits.get(ARCHIVE_PATH)).toBe(1);
    expectTidy();
  });

  test('is made anew where a killed job left a part of it', async () => {
    const { path } = await ensureSmolvm(runner(server), ASKED, LIMITS);
    const key = installations()[0] ?? '';
    rmSync(join(path, '..'), { recursive: true });
    mkdirSync(join(root(), '.temporary', key, 'tree', 'lib'), { recursive: true });
    writeFileSync(join(root(), '.temporary', key, 'tree', 'smolvm'), 'half');
    expect((await ensureSmolvm(runner(server), ASKED, LIMITS)).path).toBe(path);
    expectTidy();
  });
});

const SHOWN_REDIRECT: Answer = (response) =>
  void response.writeHead(302, { location: '/elsewhere?sig=secret' }).end();

describe('a server that redirects', () => {
  test('is followed', async () => {
    const release = makeRelease();
    const elsewhere: Answer = (response) => void response.end(release.bytes);
    const answers = { [ARCHIVE_PATH]: SHOWN_REDIRECT, '/elsewhere': elsewhere };
    const server = await serveRelease(answers, release);
    expect((await ensureSmolvm(runner(server), ASKED, LIMITS)).version).toBe(DOUBLE_VERSION);
  });
});

const status =
  (code: number, headers = {}): Answer =>
  (response) =>
    void response.writeHead(code, headers).end('<html>');
const cut: Answer = (response) => {
  response.writeHead(200, { 'content-length': 100_000 }).write('x'.repeat(1000));
  setImmediate(() => response.destroy());
};
const text =
  (body: string): Answer =>
  (response) =>
    void response.end(body);
const slow: Answer = (response) => {
  const timer = setInterval(() => response.write('x'), 5);
  response.on('close', () => clearInterval(timer));
};

const REFUSED: readonly (readonly [what: string, path: string, answer: Answer, where: RegExp])[] = [
  ['no archive', ARCHIVE_PATH, status(404), /status 404/],
  ['an archive behind 429', ARCHIVE_PATH, status(429), /status 429/],
  ['429 for an hour', ARCHIVE_PATH, status(429, { 'retry-after': '3600' }), /3600 s/],
  ['a server that is down', ARCHIVE_PATH, status(503), /status 503/],
  [
    'a redirect to plain http',
    ARCHIVE_PATH,
    status(302, { location: 'http://192.0.2.1/' }),
    /http/,
  ],
  ['redirects in a circle', ARCHIVE_PATH, status(302, { location: ARCHIVE_PATH }), /redirects/],
  ['an archive that is cut short', ARCHIVE_PATH, cut, /127\.0\.0\.1/],
  ['an archive that stands still', ARCHIVE_PATH, (r) => void r.write('x'), /no data for 80 ms/],
  ['an archive that drips', ARCHIVE_PATH, slow, /not complete after 200 ms/],
  ['another archive', ARCHIVE_PATH, text('other bytes'), /expected sha256:[0-9a-f]{64}/],
  ['an empty archive', ARCHIVE_PATH, text(''), /expected sha256/],
  ['no checksums', CHECKSUMS_PATH, status(404), /checksums\.sha256: status 404/],
  ['empty checksums', CHECKSUMS_PATH, text(''), /has 0 digests/],
  ['a page in place of checksums', CHECKSUMS_PATH, text('<html>hello</html>'), /has 0 digests/],
  [
    'checksums without the archive',
    CHECKSUMS_PATH,
    text(`${'a'.repeat(64)}  other.tar.gz\n`),
    /has 0 digests/,
  ],
  [
    'checksums of two minds',
    CHECKSUMS_PATH,
    text(`${'a'.repeat(64)}  ${ARCHIVE}\n${'b'.repeat(64)}  ${ARCHIVE}\n`),
    /has 2 digests/,
  ],
  ['endless checksums', CHECKSUMS_PATH, text('x'.repeat(70_000)), /limit of 65536/],
];

describe('nothing is installed from', () => {
  test.each(REFUSED)('%s', async (_what, path, answer, where) => {
    const server = await serveRelease({ [path]: answer });
    const limits = { retryMs: 1, stallMs: 80, attemptMs: 200 };
    const error = await failure(ensureSmolvm(runner(server), ASKED, limits));
    expect(error.outcome).toBe('boot-failed');
    expect(error.where).toMatch(where);
    expect(error.fix).not.toBe('');
    expect(error.message).not.toContain('secret');
    expect(installations()).toEqual([]);
    expectTidy();
  });

  test('a release whose digest is not the one given', async () => {
    const server = await serveRelease();
    const request = { ...ASKED, smolvmSha256: 'a'.repeat(64) };
    const error = await failure(ensureSmolvm(runner(server), request, LIMITS));
    expect(error.where).toContain(`expected sha256:${'a'.repeat(64)}`);
    expectTidy();
  });

  test('a release that says it is another version', async () => {
    const entries = ENTRIES.map((entry) =>
      entry.name.endsWith('/smolvm-bin')
        ? {
            ...entry,
            body: `#!/bin/sh\n[ "$1" = --version ] && exec echo 'smolvm 9.9.9'\nexec '${DOUBLE}' "$@"\n`,
          }
        : entry,
    );
    const server = await serveRelease({}, makeRelease(entries));
    const error = await failure(ensureSmolvm(runner(server), ASKED, LIMITS));
    expect(error.where).toContain('9.9.9');
    expectTidy();
    expect(installations()).toEqual([]);
  });

  test('a release that cannot start here', async () => {
    const entries = ENTRIES.filter(({ name }) => !name.endsWith('/smolvm-bin'));
    const server = await serveRelease({}, makeRelease(entries));
    const error = await failure(ensureSmolvm(runner(server), ASKED, LIMITS));
    expect(error.what).toContain('does not work on this runner');
    expect(installations()).toEqual([]);
  });

  test('a template that is broken', async () => {
    const broken = { name: `${TOP}/overlay-template.ext4.zst`, body: 'no zstd' };
    const server = await serveRelease({}, makeRelease([...ENTRIES, broken]));
    const error = await failure(ensureSmolvm(runner(server), ASKED, LIMITS));
    expect(error.what).toContain('could not be unpacked');
    expectTidy();
  });

  test('a server, once the job is cancelled', async () => {
    const controller = new AbortController();
    const server = await serveRelease({
      [ARCHIVE_PATH]: (response) => {
        response.write('x');
        controller.abort(new Error('cancelled'));
      },
    });
    const host = runner(server, { cancelled: controller.signal });
    await expect(ensureSmolvm(host, ASKED, LIMITS)).rejects.toThrow('cancelled');
    expectTidy();
  });

  test('any address for a platform without a release', async () => {
    const host = runner({ url: 'http://127.0.0.1:9' }, { platform: 'darwin', arch: 'x64' });
    expect((await failure(ensureSmolvm(host, ASKED, LIMITS))).where).toBe('darwin-x64');
  });
});

/** A program that prints `version`, and whose help pages have every option. */
function fakeSmolvm(name: string, version: string): string {
  const path = join(folder, name);
  const help =
    '--name --from --cpus --mem --storage --mount-socket --label --workdir --timeout --secret-env -i --force';
  const body = `#!/bin/sh\ncase $1 in --version) echo '${version}';; *) echo '${help}';; esac\n`;
  writeFileSync(path, body, { mode: 0o755 });
  return path;
}

describe('a smolvm that is there', () => {
  test('SMOLVM_BIN comes first, also through a link', async () => {
    const link = join(folder, 'link');
    symlinkSync(DOUBLE, link);
    const other = fakeSmolvm('smolvm', 'smolvm 1.9.3');
    const host = runner({ url: '' }, { env: { SMOLVM_BIN: link }, which: () => other });
    const found = await ensureSmolvm(host, NOTHING_ASKED, LIMITS);
    expect(found).toMatchObject({ path: link, version: DOUBLE_VERSION, origin: 'SMOLVM_BIN' });
  });

  test.each([
    ['that is not there', '/no/such/smolvm', 'ENOENT'],
    ['that is too old', () => fakeSmolvm('old', 'smolvm 1.9.1'), 'version 1.9.1'],
    ['of another syntax', () => fakeSmolvm('older', 'smolvm 1.0.1'), 'another'],
    ['that is no smolvm', () => fakeSmolvm('other', 'hello'), 'hello'],
  ])('SMOLVM_BIN %s is an error', async (_what, path, where) => {
    const env = { SMOLVM_BIN: typeof path === 'string' ? path : path() };
    const host = runner({ url: '' }, { env });
    const error = await failure(ensureSmolvm(host, NOTHING_ASKED, LIMITS));
    expect(error).toMatchObject({ outcome: 'boot-failed', where: expect.stringContaining(where) });
    expect(error.fix).not.toBe('');
  });

  test('SMOLVM_BIN of another version than asked for is an error', async () => {
    const host = runner({ url: '' }, { env: { SMOLVM_BIN: DOUBLE } });
    const request = { smolvmVersion: '1.9.3', smolvmSha256: '' };
    expect(await failure(ensureSmolvm(host, request, LIMITS))).toMatchObject({
      outcome: 'config-invalid',
      where: expect.stringContaining(DOUBLE_VERSION),
    });
  });

  test('SMOLVM_BIN with a digest, which nobody would compare, is an error', async () => {
    const host = runner({ url: '' }, { env: { SMOLVM_BIN: DOUBLE } });
    const request = { smolvmVersion: DOUBLE_VERSION, smolvmSha256: 'e'.repeat(64) };
    expect(await failure(ensureSmolvm(host, request, LIMITS))).toMatchObject({
      outcome: 'config-invalid',
      what: expect.stringContaining('smolvm-sha256'),
      where: expect.stringContaining(
        `SMOLVM_BIN names a smolvm that is installed already: ${DOUBLE}`,
      ),
    });
  });

  test('the one on PATH is used, and a newer one than we know is told of', async () => {
    const path = fakeSmolvm('smolvm', 'smolvm 1.32.4');
    const host = runner({ url: '' }, { which: () => path });
    const found = await ensureSmolvm(host, NOTHING_ASKED, LIMITS);
    expect(found).toMatchObject({ path, version: '1.32.4', origin: 'PATH' });
    expect(host.lines.join('\n')).toContain(`written for 1.9.2 and ${PINNED_VERSION}`);
  });

  test('the one on PATH gives way to a version that is asked for', async () => {
    const server = await serveRelease();
    const host = runner(server, { which: () => fakeSmolvm('smolvm', 'smolvm 1.32.4') });
    expect((await ensureSmolvm(host, ASKED, LIMITS)).origin).toBe('release');
  });

  test('one on PATH that cannot be used gives way to the pinned version', async () => {
    const server = await serveRelease();
    const host = runner(server, { which: () => fakeSmolvm('smolvm', 'smolvm 1.0.0') });
    const error = await failure(ensureSmolvm(host, NOTHING_ASKED, LIMITS));
    // The server has another version than the pinned one; that it was asked for is what counts.
    expect(error.where).toContain(`/v${PINNED_VERSION}/checksums.sha256: status 404`);
    expect(host.lines.join('\n')).toContain('The smolvm on PATH is not used');
  });
});
