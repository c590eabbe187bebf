/** Zip files that somebody else wrote: one entry is read, within bounds, or an error is thrown. */
import { deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readZipEntry } from '../../src/merge/zip.ts';

const MOST = 1024 * 1024;

function zipOf(entries: readonly { name: string; content: Buffer; method: 0 | 8 }[]): Buffer {
  const parts: Buffer[] = [];
  const central: Buffer[] = [];
  let at = 0;
  for (const { name, content, method } of entries) {
    const data = method === 8 ? deflateRawSync(content) : content;
    const path = Buffer.from(name);
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50);
    local.writeUInt16LE(path.length, 26);
    const header = Buffer.alloc(46);
    header.writeUInt32LE(0x02014b50);
    header.writeUInt16LE(method, 10);
    header.writeUInt32LE(data.length, 20);
    header.writeUInt16LE(path.length, 28);
    header.writeUInt32LE(at, 42);
    parts.push(local, path, data);
    central.push(header, path);
    at += local.length + path.length + data.length;
  }
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...parts, ...central, end]);
}

const file = (name: string, text: string, method: 0 | 8 = 8) => ({
  name,
  content: Buffer.from(text),
  method,
});

describe('an entry of a zip', () => {
  test.each([0, 8] as const)('is found by its whole name, packed with method %i', (method) => {
    const zip = zipOf([
      file('a/run.json', 'other', method),
      file('run.json', 'this', method),
      file('run.json.bak', 'last', method),
    ]);
    expect(readZipEntry(zip, 'run.json', MOST)?.toString()).toBe('this');
    expect(readZipEntry(zip, 'none', MOST)).toBeUndefined();
  });

  test.each([0, 8] as const)('that is too large is refused, packed with method %i', (method) => {
    const content = Buffer.alloc(64 * MOST);
    const zip = zipOf([{ name: 'run.json', content, method }]);
    expect(() => readZipEntry(zip, 'run.json', MOST)).toThrow();
  });

  test('of bytes that are no zip, or a broken one, is an error or nothing: never more', () => {
    const good = zipOf([file('a', 'x'.repeat(100)), file('run.json', '{"a":1}')]);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { maxLength: 6 }),
        fc.nat(good.length),
        (changes, keep) => {
          const bytes = Buffer.from(good);
          for (const [at, value] of changes) bytes[at] = value;
          try {
            const found = readZipEntry(bytes.subarray(0, keep), 'run.json', MOST);
            expect(found === undefined || found.length <= MOST).toBe(true);
          } catch (error) {
            expect(error).toBeInstanceOf(Error);
          }
        },
      ),
      { numRuns: 5000 },
    );
    expect(() => readZipEntry(Buffer.alloc(0), 'run.json', MOST)).toThrow('no zip file');
  });
});
