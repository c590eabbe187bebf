/** Which smolvm release is installed: version, archive and digest. Moving the pin: docs/runners.md. */
import { BottleError } from '../../errors.ts';
import type { Host } from '../../host/host.ts';

/** The newest version whose command line was read from its source. */
export const PINNED_VERSION = '1.9.3';

/** By version and platform, the SHA-256 of release archives, lower-case hex. */
export const RELEASE_DIGESTS: Readonly<Record<string, Readonly<Record<string, string>>>> = {};

/** smolvm's own place for releases; `BOTTLE_SMOLVM_RELEASES` names a mirror of it. */
const RELEASES = 'https://github.com/smol-machines/smolvm/releases/download';

/** What smolvm calls the platforms that it has archives for. */
const PLATFORMS: Readonly<Record<string, string>> = {
  'linux-x64': 'linux-x86_64',
  'linux-arm64': 'linux-arm64',
  'darwin-arm64': 'darwin-arm64',
};

/** What the workflow asks for; empty strings where it does not. */
export type SmolvmRequest = {
  readonly smolvmVersion: string;
  /** Lower-case hex. */
  readonly smolvmSha256: string;
};

export type Release = {
  readonly version: string;
  readonly platform: string;
  /** The one directory in the archive. */
  readonly top: string;
  /** The archive's file name. */
  readonly archive: string;
  /** Of the directory that holds the archive and `checksums.sha256`. */
  readonly url: string;
  /** Of the archive, lower-case hex; empty: only the release itself tells. */
  readonly sha256: string;
};

export function isSupported({ platform, arch }: Pick<Host, 'platform' | 'arch'>): boolean {
  return Object.hasOwn(PLATFORMS, `${platform}-${arch}`);
}

/** @throws {BottleError} `boot-failed` where smolvm has no archive for the platform. */
export function chooseRelease(
  host: Pick<Host, 'platform' | 'arch' | 'env'>,
  { smolvmVersion, smolvmSha256 }: SmolvmRequest,
  digests = RELEASE_DIGESTS,
): Release {
  const version = smolvmVersion || PINNED_VERSION;
  const platform = PLATFORMS[`${host.platform}-${host.arch}`];
  if (platform === undefined) {
    throw new BottleError({
      outcome: 'boot-failed',
      what: 'There is no smolvm for this runner',
      where: `${host.platform}-${host.arch}`,
      fix: 'Use a runner with Linux on x64 or arm64, or with Apple Silicon.',
    });
  }
  const top = `smolvm-${version}-${platform}`;
  const base = (host.env.BOTTLE_SMOLVM_RELEASES || RELEASES).replace(/\/+$/, '');
  return {
    version,
    platform,
    top,
    archive: `${top}.tar.gz`,
    url: `${base}/v${version}`,
    sha256: smolvmSha256 || digests[version]?.[platform] || '',
  };
}

/**
 * The digest of the archive that the text of `checksums.sha256` names.
 * @throws {BottleError} `boot-failed` when it names none, or two.
 */
export function findChecksum(text: string, { archive, url }: Release): string {
  const found = new Set<string>();
  for (const line of text.split(/\r?\n/)) {
    const [, sha256, file] = /^([0-9a-f]{64}) [ *](.+)$/i.exec(line) ?? [];
    if (sha256 !== undefined && file === archive) found.add(sha256.toLowerCase());
  }
  const [sha256, ...others] = found;
  if (sha256 !== undefined && others.length === 0) return sha256;
  throw new BottleError({
    outcome: 'boot-failed',
    what: 'The digest of the smolvm release is not known',
    where: `${url}/checksums.sha256 has ${found.size} digests for ${archive}`,
    fix: 'Give the input `smolvm-sha256`, or a `smolvm-version` whose release has checksums.',
  });
}
