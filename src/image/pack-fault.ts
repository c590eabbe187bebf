/** The ways in which a `.smolmachine` can be broken, and the error that says which. */
import { BottleError } from '../errors.ts';

export const PACK_FAULTS = {
  unreadable: 'cannot be read',
  'too-small': 'is too small to hold a footer',
  magic: 'does not end in a SMOLPACK footer',
  version: 'has a format version that this action does not know',
  'not-a-sidecar': 'is an executable pack, not the .smolmachine beside it',
  'beyond-end': 'names parts that lie beyond its end: it is truncated or altered',
  overlap: 'names parts that overlap',
  gap: 'has bytes that belong to no part',
  'manifest-size': 'has an empty manifest, or one over 16 MiB',
  'manifest-json': 'has a manifest that is not JSON',
  'manifest-field': 'has a manifest with missing or wrong fields',
  platform: 'is built for another platform',
  'secret-refs': 'asks for secrets of the runner',
  checksum: 'does not match its own CRC32: it is corrupt',
  digest: 'does not have the sha256 that was asked for',
  assets: 'has assets that are not a sound zstd archive',
  'asset-missing': 'does not hold a layer that its manifest names',
  layer: 'has a layer that is not a sound tar archive',
  escape: 'has a layer that writes outside the root file system',
  bomb: 'unpacks to more than the limits allow',
  'no-layers': 'has no container layers to unpack',
} as const;

/** What is wrong with a pack. */
export type PackFault = keyof typeof PACK_FAULTS;

const FIXES: { readonly [fault in PackFault]?: string } = {
  unreadable: 'Check the path and its permissions.',
  'not-a-sidecar': 'Give the file that ends in .smolmachine.',
  version: 'Build it with a smolvm that this action supports.',
  platform: 'Build it for this runner: smolvm pack create --oci-platform.',
  'secret-refs': 'Build it without secrets; the bottle’s gateway holds credentials.',
  digest: 'Check the file and the sha256: one of them is not the one you mean.',
  'no-layers': 'Use engine smolvm, or build it from a container image.',
};

/** An `image-failed` error for the pack called `name`; `detail` says what was found. */
export function packError(
  name: string,
  fault: PackFault,
  detail: string,
  cause?: unknown,
): BottleError {
  return new BottleError({
    outcome: 'image-failed',
    what: `The image ${PACK_FAULTS[fault]}`,
    where: `${name}: ${detail}`,
    fix: FIXES[fault] ?? 'Fetch or build it again.',
    cause: { fault, cause },
  });
}

/** Which fault an error of `packError` stands for; undefined for any other error. */
export function packFault(error: unknown): PackFault | undefined {
  if (!(error instanceof BottleError)) return undefined;
  const { cause } = error;
  if (typeof cause !== 'object' || cause === null || !('fault' in cause)) return undefined;
  return cause.fault as PackFault;
}
