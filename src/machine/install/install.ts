/** The smolvm that boots bottles: one that is here, or a release, verified and unpacked once. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DownloadOptions, download, type Sink } from '../../download.ts';
import { BottleError, messageOf } from '../../errors.ts';
import type { Host, HostPath } from '../../host/host.ts';
import { withLock } from '../../lock/lock.ts';
import { currentOwner } from '../../lock/owner.ts';
import { toolCache } from '../../tool-cache.ts';
import { cliEnv } from '../smolvm/cli.ts';
import { unpackArchive } from './archive.ts';
import { FLOOR, KNOWN_GOOD, type ProbedProgram, probeProgram } from './program.ts';
import { chooseRelease, findChecksum, type Release, type SmolvmRequest } from './release.ts';
import { expandTemplates } from './template.ts';

export type SmolvmProgram = {
  readonly path: HostPath;
  readonly version: string;
  /** Who named it. */
  readonly origin: 'SMOLVM_BIN' | 'PATH' | 'tool cache' | 'release';
  readonly env: Readonly<Record<string, string>>;
};

export type InstallLimits = Pick<DownloadOptions<unknown>, 'stallMs' | 'attemptMs' | 'retryMs'>;

const LIMITS: InstallLimits = { stallMs: 30_000, attemptMs: 5 * 60_000 };
const MAX_ARCHIVE_BYTES = 1024 ** 3;
const MAX_CHECKSUM_BYTES = 64 * 1024;

/**
 * Finds or installs smolvm: what `SMOLVM_BIN` names; else, when no version is asked for, the one on
 * PATH; else the release, in the tool cache.
 * @throws {BottleError} `boot-failed`, or `config-invalid` where `SMOLVM_BIN` and an input are at odds.
 */
export async function ensureSmolvm(
  host: Host,
  request: SmolvmRequest,
  limits = LIMITS,
): Promise<SmolvmProgram> {
  const given = host.env.SMOLVM_BIN;
  if (given) return await takeGiven(host, given, request);
  const found = request.smolvmVersion || request.smolvmSha256 ? undefined : host.which('smolvm');
  if (found !== undefined) {
    const probed = await probeProgram(host, found);
    if (probed.faults.length === 0) return program(host, found, probed.version, 'PATH');
    host.log.notice(`The smolvm on PATH is not used: ${sentenceOf(found, probed)}`);
  }
  return await installRelease(host, chooseRelease(host, request), limits);
}

async function takeGiven(host: Host, path: HostPath, request: SmolvmRequest) {
  if (request.smolvmSha256 !== '') {
    // A digest that nobody compares would look like a check.
    throw new BottleError({
      outcome: 'config-invalid',
      what: 'The input smolvm-sha256 has no archive to be compared with',
      where: `SMOLVM_BIN names a smolvm that is installed already: ${path}`,
      fix: 'Leave `smolvm-sha256` empty, or unset SMOLVM_BIN so that the release is installed.',
    });
  }
  const probed = await probeProgram(host, path);
  if (probed.faults.length > 0) {
    throw new BottleError({
      outcome: 'boot-failed',
      what: 'The smolvm that SMOLVM_BIN names cannot be used',
      where: sentenceOf(path, probed),
      fix: probed.faults.map(({ remedy }) => remedy).join(' '),
    });
  }
  if (request.smolvmVersion !== '' && request.smolvmVersion !== probed.version) {
    throw new BottleError({
      outcome: 'config-invalid',
      what: 'SMOLVM_BIN is another version than the one asked for',
      where: `${path} is ${probed.version}, the input \`smolvm-version\` is ${request.smolvmVersion}`,
      fix: 'Remove one of them, or make them agree.',
    });
  }
  return program(host, path, probed.version, 'SMOLVM_BIN');
}

function sentenceOf(path: HostPath, { faults }: ProbedProgram): string {
  return `${path}: ${faults.map(({ found }) => found).join('; ')}`;
}

function program(
  host: Host,
  path: HostPath,
  version: string,
  origin: SmolvmProgram['origin'],
): SmolvmProgram {
  if (!KNOWN_GOOD.includes(version)) {
    host.log.info(
      `smolvm ${version} has the options that are needed. This action was written for ` +
        `${KNOWN_GOOD.join(' and ')}; the oldest that it takes is ${FLOOR}.`,
    );
  }
  return { path, version, origin, env: cliEnv(host, host.env.RUNNER_TEMP ?? tmpdir()) };
}

async function installRelease(host: Host, release: Release, limits: InstallLimits) {
  const root = join(toolCache(host.env), 'smolvm');
  const sha256 = release.sha256 || (await fetchChecksum(host, release, limits));
  const key = `${release.version}-${release.platform}-${sha256.slice(0, 16)}`;
  const home = join(root, key);
  const locker = { host, me: await currentOwner(host), what: 'smolvm release' };
  const isNew = await withLock(join(root, '.locks', key), locker, async () => {
    if (existsSync(home)) return false;
    await makeHome(
      host,
      { ...release, sha256 },
      { home, work: join(root, '.temporary', key) },
      limits,
    );
    return true;
  });
  return program(host, join(home, 'smolvm'), release.version, isNew ? 'release' : 'tool cache');
}

/** The digest that the release publishes of its archive. */
async function fetchChecksum(host: Host, release: Release, limits: InstallLimits): Promise<string> {
  const folder = await mkdtemp(join(host.env.RUNNER_TEMP ?? tmpdir(), 'bottle-smolvm-'));
  try {
    const text = await download(host, `${release.url}/checksums.sha256`, join(folder, 'list'), {
      ...limits,
      ...textsOf(release, "the release's checksums, without which nothing is installed"),
      maxBytes: MAX_CHECKSUM_BYTES,
      startSink: startText,
    });
    const sha256 = findChecksum(text, release);
    host.log.info(
      `${release.archive} is sha256:${sha256} as the release itself says. ` +
        'Give it as `smolvm-sha256` to hold on to it.',
    );
    return sha256;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Makes the directory `home` whole, at once, or not at all. Only the lock's owner uses `work`. */
async function makeHome(
  host: Host,
  release: Release,
  { home, work }: { readonly home: HostPath; readonly work: HostPath },
  limits: InstallLimits,
): Promise<void> {
  const [archive, tree] = [join(work, release.archive), join(work, 'tree')];
  try {
    // A process that was killed may have left something.
    await rm(work, { recursive: true, force: true });
    await mkdir(tree, { recursive: true });
    await fetchArchive(host, release, archive, limits);
    await unpackArchive(archive, release.top, tree);
    await expandTemplates(tree);
    await checkTree(host, release, tree);
    await rename(tree, home);
    host.log.info(`Installed smolvm ${release.version} in ${home}`);
  } catch (error) {
    host.cancelled.throwIfAborted();
    if (error instanceof BottleError) throw error;
    throw new BottleError({
      outcome: 'boot-failed',
      what: 'The smolvm release could not be unpacked',
      where: `${release.url}/${release.archive}: ${messageOf(error)}`,
      fix: 'See that the disk of the tool cache is not full, or ask for another `smolvm-version`.',
      cause: error,
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function fetchArchive(
  host: Host,
  release: Release,
  to: HostPath,
  limits: InstallLimits,
): Promise<void> {
  const found = await download(host, `${release.url}/${release.archive}`, to, {
    ...limits,
    ...textsOf(release, `smolvm ${release.version}`),
    maxBytes: MAX_ARCHIVE_BYTES,
    startSink: startSha256,
  });
  if (found === release.sha256) return;
  throw new BottleError({
    outcome: 'boot-failed',
    what: 'The smolvm release is not the one that was expected',
    where: `${release.url}/${release.archive} is sha256:${found}, expected sha256:${release.sha256}`,
    fix: 'Do not use it until you know why; then correct `smolvm-sha256`.',
  });
}

/** A release that cannot start here (an old C library, say) is not kept. */
async function checkTree(host: Host, release: Release, tree: HostPath): Promise<void> {
  const { version, faults } = await probeProgram(host, join(tree, 'smolvm'));
  if (faults.length === 0 && version === release.version) return;
  throw new BottleError({
    outcome: 'boot-failed',
    what: `The release of smolvm ${release.version} does not work on this runner`,
    where: faults.map(({ found }) => found).join('; ') || `it says that it is ${version}`,
    fix: 'Ask for another `smolvm-version`; releases for Linux need glibc 2.35 or newer.',
  });
}

function textsOf({ version }: Release, what: string) {
  const fix =
    `See that smolvm ${version} is released for this platform and that this runner can reach it; ` +
    'behind a proxy or a firewall, name a mirror in BOTTLE_SMOLVM_RELEASES.';
  return { what, fix, outcome: 'boot-failed' } as const;
}

function startText(): Sink<string> {
  const chunks: Uint8Array[] = [];
  return {
    update: (chunk) => void chunks.push(chunk),
    end: () => Buffer.concat(chunks).toString(),
  };
}

function startSha256(): Sink<string> {
  const hash = createHash('sha256');
  return { update: (chunk) => void hash.update(chunk), end: () => hash.digest('hex') };
}
