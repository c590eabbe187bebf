/** Data is held to its schema, by path and rule, and never for longer than anybody waits. */
import { describe, expect, test } from 'vitest';
import { compileSchema } from '../src/output-schema.ts';

const WELL = {
  type: 'object',
  properties: { files: { type: 'array', items: { type: 'string' } }, ok: { type: 'boolean' } },
  required: ['ok'],
  additionalProperties: false,
};

const problemOf = async (schema: object, data: unknown) =>
  (await compileSchema(schema, 'a test'))(data);

test.each<[what: string, data: unknown, path: string, rule: string, words: RegExp]>([
  ['nothing', null, '', 'type', /object/],
  ['a part that is missing', {}, '', 'required', /'ok'/],
  ['a part of another type', { ok: true, files: ['a', 1] }, '/files/1', 'type', /string/],
  ['a part too many', { ok: true, more: 1 }, '', 'additionalProperties', /: more$/],
])('%s is told by path and rule', async (_, data, path, rule, words) => {
  const problem = await problemOf(WELL, data);
  expect(problem).toMatchObject({ path, rule });
  expect(problem?.message).toMatch(words);
});

test('what follows it has no problem', async () => {
  expect(await problemOf(WELL, { ok: true, files: ['a'] })).toBeUndefined();
});

describe('drafts', () => {
  const tuple = { prefixItems: [{ type: 'string' }], items: false };
  test('2020-12 unless it is said', async () => {
    expect(await problemOf(tuple, ['a', 'b'])).toMatchObject({ rule: 'items' });
  });
  test('7 where it is said', async () => {
    const $schema = 'http://json-schema.org/draft-07/schema#';
    const old = { $schema, items: [{ type: 'string' }], additionalItems: false };
    expect(await problemOf(old, ['a', 'b'])).toMatchObject({ rule: 'additionalItems' });
    expect(await problemOf(old, ['a'])).toBeUndefined();
  });
});

describe('no schema', () => {
  test.each([
    ['a type that is none', { type: 'text' }],
    ['a reference out', { $ref: 'https://example.com/schema' }],
    ['a pattern that is none', { pattern: '(' }],
  ])('%s is said before anything is started', async (_, schema) => {
    await expect(compileSchema(schema, 'file.yml:3')).rejects.toMatchObject({
      outcome: 'config-invalid',
      where: 'output_schema, file.yml:3',
    });
  });
});

describe('is bounded', () => {
  test('where a regular expression never ends', async () => {
    const began = Date.now();
    const problem = await problemOf({ pattern: '^(a+)+$' }, `${'a'.repeat(60)}b`);
    expect(problem).toMatchObject({ path: '', rule: 'time' });
    expect(Date.now() - began).toBeLessThan(30_000);
  });
  test('where the data is deeper than a stack', async () => {
    let data: unknown = 1;
    for (let depth = 0; depth < 3000; depth++) data = [data];
    const problem = await problemOf({ items: { $ref: '#' }, maxItems: 1, type: ['array'] }, data);
    expect(problem).toBeDefined();
  });
  test('where it is large', async () => {
    expect(await problemOf({}, 'x'.repeat(9 * 1024 * 1024))).toMatchObject({ rule: 'size' });
  });
});
