/** How the artifacts go up: as they are, zipped, or only packed together. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { nameArtifacts } from '../../src/artifact-kind.ts';
import type { Host } from '../../src/host/host.ts';
import { type Uploader, uploadSets } from '../../src/report/upload.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'upload-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const HOST = { cancelled: new AbortController().signal } as unknown as Host;

/** What the client of the artifact service was given, with the identities of the files. */
async function upload(files: readonly string[]) {
  const asked: unknown[] = [];
  const services: Uploader = {
    uploadArtifact: async (name, paths, root, options) => {
      const given = paths.map((path) => [basename(path), statSync(path).ino]);
      asked.push({ name, given, root, options });
      return { id: '1', url: '', digest: '', size: 1 };
    },
  };
  const artifact = { name: 'a', names: nameArtifacts('a'), retentionDays: 7 };
  const sets = [{ kind: 'outputs' as const, files }];
  const { kept, failures } = await uploadSets(HOST, services, artifact, directory, sets);
  expect({ kept: kept.map(({ name }) => name), failures }).toEqual({
    kept: ['a-outputs'],
    failures: [],
  });
  return asked;
}

function file(name: string, content: string | Buffer): string {
  const path = join(directory, name);
  writeFileSync(path, content);
  return path;
}

test('one large file goes up as it is, by the name of its artifact', async () => {
  const large = file('large.bin', 'x');
  truncateSync(large, 64 << 20);
  const [asked] = await upload([large]);
  expect(asked).toMatchObject({
    given: [['a-outputs', statSync(large).ino]],
    options: { raw: true, retentionDays: 7 },
  });
  expect(readdirSync(directory)).toEqual(['large.bin']);
});

test('what is compressed already is packed without compressing, the rest with', async () => {
  const dense = file('dense.bin', randomBytes(100_000));
  const [packed] = await upload([dense]);
  expect(packed).toMatchObject({
    given: [['dense.bin', statSync(dense).ino]],
    root: directory,
    options: { compressionLevel: 0 },
  });
  const [zipped] = await upload([file('text', 'text '.repeat(9000)), file('more', 'more')]);
  expect(zipped).toMatchObject({ options: { compressionLevel: 6 } });
});
