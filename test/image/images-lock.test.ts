import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BottleError } from '../../src/errors.ts';
import {
  findLocked,
  type LockedImage,
  parseImagesLock,
  writeImagesLock,
} from '../../src/image/images-lock.ts';

const FILE = '.bot-bottle/images.lock';
const SHA = 'a'.repeat(64);
const IMAGE: LockedImage = {
  sha256: SHA,
  platform: 'linux/amd64',
  bytes: 7,
  source: 'from node:24',
};

test('what was written is read', () => {
  const text = writeImagesLock([IMAGE, { ...IMAGE, platform: 'linux/arm64' }]);
  expect(text).toMatchInlineSnapshot(`
    "# The bytes that each image had when it was locked. Written by the action with mode: lock.
    # sha256 platform bytes source
    aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa linux/amd64 7 from node:24
    aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa linux/arm64 7 from node:24
    "
  `);
  const images = parseImagesLock(FILE, text);
  expect(images).toHaveLength(2);
  expect(findLocked(images, 'from node:24', 'linux/arm64')?.platform).toBe('linux/arm64');
  expect(findLocked(images, 'from node:22', 'linux/arm64')).toBeUndefined();
});

test('any images come back, and their order does not matter', () => {
  const image = fc.record({
    sha256: fc.stringMatching(/^[0-9a-f]{64}$/),
    platform: fc.constantFrom('linux/amd64', 'linux/arm64'),
    bytes: fc.integer({ min: 1, max: 2 ** 40 }),
    source: fc.stringMatching(/^(path|url|oci|from) [!-~]([ -~]*[!-~])?$/),
  });
  const images = fc.uniqueArray(image, { selector: (i) => `${i.platform} ${i.source}` });
  fc.assert(
    fc.property(images, (list) => {
      const text = writeImagesLock(list);
      expect(writeImagesLock(list.toReversed())).toBe(text);
      expect(writeImagesLock(parseImagesLock(FILE, text))).toBe(text);
      expect(parseImagesLock(FILE, text)).toHaveLength(list.length);
    }),
  );
});

test('empty lines, comments and Windows line ends are fine', () => {
  const text = `\n# c\r\n\r\n${SHA} linux/amd64 7 oci a/b:1\r\n`;
  expect(parseImagesLock(FILE, text)).toEqual([{ ...IMAGE, source: 'oci a/b:1' }]);
  expect(parseImagesLock(FILE, '')).toEqual([]);
});

test('every wrong line is named', () => {
  const lines = [
    'nonsense',
    `${SHA} linux/amd64 7`,
    `${SHA.toUpperCase()} linux/amd64 7 oci a`,
    `${SHA} linux 7 oci a`,
    `${SHA} linux/amd64 0 oci a`,
    `${SHA} linux/amd64 7 oci b`,
    `${SHA} linux/amd64 8 oci b`,
  ];
  const error = (() => {
    try {
      return parseImagesLock(FILE, lines.join('\n'));
    } catch (thrown) {
      return thrown as BottleError;
    }
  })();
  expect(error).toBeInstanceOf(BottleError);
  const { problems, outcome } = error as BottleError;
  expect(outcome).toBe('config-invalid');
  expect(problems.map(({ line }) => line)).toEqual([1, 2, 3, 4, 5, 7]);
});
