/**
 * `.bot-bottle/images.lock`: which bytes each image had when it was locked. One line an image:
 *
 *   <sha256> <platform> <bytes> <source>
 *
 * sorted, `#` begins a comment. Committed, it is a digest that neither a cache nor a registry
 * wrote.
 */
import { BottleError, type Problem } from '../errors.ts';

export type LockedImage = {
  /** Lower-case hex. */
  readonly sha256: string;
  /** `linux/amd64` or `linux/arm64`. */
  readonly platform: string;
  readonly bytes: number;
  /** As `sourceName` writes it: `from node:24`, `oci ghcr.io/a/b:1`. */
  readonly source: string;
};

const LINE = new RegExp(
  [
    '^(?<sha256>[0-9a-f]{64})',
    '(?<platform>[a-z0-9]+/[a-z0-9]+)',
    '(?<bytes>[1-9][0-9]{0,14})',
    '(?<source>\\S.*)$',
  ].join(' '),
);

const HEAD =
  '# The bytes that each image had when it was locked. ' +
  'Written by the action with mode: lock.\n# sha256 platform bytes source\n';

/** Reads the text of the lock file. Throws `config-invalid` that names every line that is wrong. */
export function parseImagesLock(file: string, text: string): readonly LockedImage[] {
  const images: LockedImage[] = [];
  const problems: Problem[] = [];
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.trimEnd();
    if (line === '' || line.startsWith('#')) continue;
    const { sha256, platform, bytes, source } = LINE.exec(line)?.groups ?? {};
    const wrong = (message: string) => problems.push({ message, file, line: index + 1 });
    if (!sha256 || !platform || !bytes || !source) {
      wrong('expected "<sha256> <platform> <bytes> <source>"');
    } else if (findLocked(images, source, platform)) {
      wrong(`${source} for ${platform} is locked twice`);
    } else {
      images.push({ sha256, platform, bytes: Number(bytes), source });
    }
  }
  if (problems.length === 0) return images;
  throw new BottleError({
    outcome: 'config-invalid',
    what: 'The lock file of images cannot be read',
    where: problems.map(({ line, message }) => `${file}:${line}: ${message}`).join('; '),
    fix: 'Write it anew with mode: lock.',
    problems,
  });
}

/** The lock file's text; the same images give the same bytes in any order. */
export function writeImagesLock(images: readonly LockedImage[]): string {
  const lines = images.map(({ sha256, platform, bytes, source }) => {
    return { sort: `${source}\n${platform}`, text: `${sha256} ${platform} ${bytes} ${source}\n` };
  });
  lines.sort((a, b) => (a.sort < b.sort ? -1 : 1));
  return HEAD + lines.map(({ text }) => text).join('');
}

/** The locked image of `source` for `platform`, if there is one. */
export function findLocked(
  images: readonly LockedImage[],
  source: string,
  platform: string,
): LockedImage | undefined {
  return images.find((image) => image.source === source && image.platform === platform);
}
