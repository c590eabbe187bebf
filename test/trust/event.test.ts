/** What started the run is read from hostile files, or not at all. */
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { BottleError } from '../../src/errors.ts';
import { readEvent } from '../../src/trust/read-event.ts';
import { tell } from './payload.ts';

const directory = mkdtempSync(join(tmpdir(), 'trust-event-'));
afterAll(() => rmSync(directory, { recursive: true }));
const path = join(directory, 'event.json');

function read(name: string, content: string | Buffer) {
  writeFileSync(path, content);
  const env = { GITHUB_EVENT_NAME: name, GITHUB_EVENT_PATH: path, GITHUB_REPOSITORY: 'o/r' };
  return readEvent({ env });
}

const KINDS = [
  ...['push', 'schedule', 'workflow_dispatch', 'repository_dispatch', 'workflow_run'],
  ...['pull_request', 'pull_request_target', 'pull_request_review', 'pull_request_review_comment'],
  ...['issue_comment', 'issues'],
];

test.each(KINDS)('%s is known by name, whatever the payload calls itself', (kind) => {
  const payload = { ...tell({ event: kind }), kind: 'push', name: 'push', repository: undefined };
  expect(read(kind, JSON.stringify(payload))).toMatchObject({
    kind,
    name: kind,
    repository: 'o/r',
    repositoryId: 0,
  });
});

test.each(['toString', '__proto__', 'constructor', 'fork'])('%s is another event', (name) => {
  expect(read(name, '{}')).toMatchObject({ kind: 'other', name });
});

test('no event at all is a local run, and no file is read', () => {
  expect(readEvent({ env: { GITHUB_EVENT_PATH: '/nonexistent' } }).kind).toBe('local');
});

test.each([
  ['no JSON', '{'],
  ['no object', '[]'],
  ['null', 'null'],
  ['nothing', ''],
  ['bytes', Buffer.from([0xff, 0xfe, 0])],
  ['deep nesting', '['.repeat(100_000)],
  ['a pull request without a base', '{"pull_request":{"number":1,"head":{"sha":"x"}}}'],
])('%s is refused', (_, content) => {
  expect(() => read('pull_request', content)).toThrow(BottleError);
});

test('a file beyond all measure is refused before it is read', () => {
  writeFileSync(path, '{}');
  truncateSync(path, 64 * 1024 * 1024 * 1024);
  const env = { GITHUB_EVENT_NAME: 'push', GITHUB_EVENT_PATH: path };
  expect(() => readEvent({ env })).toThrow(/68719476736 bytes/);
});

test('a file that is not there is refused', () => {
  const env = { GITHUB_EVENT_NAME: 'push', GITHUB_EVENT_PATH: join(directory, 'gone') };
  expect(() => readEvent({ env })).toThrow(BottleError);
});

test('any JSON gives an event or a BottleError that does not quote it', () => {
  fc.assert(
    fc.property(fc.constantFrom(...KINDS), fc.json(), (kind, json) => {
      try {
        expect(read(kind, json).kind).toBe(kind);
      } catch (error) {
        expect(error).toBeInstanceOf(BottleError);
        expect((error as BottleError).outcome).toBe('untrusted');
      }
    }),
    { numRuns: 200 },
  );
});
