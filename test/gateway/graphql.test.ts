/** Mutations of GraphQL: named whatever the writing, and refused unless they are listed. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkOperations, checkQueryString, mutationsOf } from '../../src/gateway/graphql.ts';

const body = (value: unknown) => Buffer.from(JSON.stringify(value));
const refused = expect.objectContaining({ rule: 'graphql' });

describe('the mutations of a document', () => {
  test.each([
    ['{ viewer { login } }', []],
    ['query A($x: In = {a: [1]}) @d(a: "}") { a(b: {c: "mutation { x }"}) { d } }', []],
    ['mutation { addComment(input: {body: "} mutation { evil }"}) { id } }', ['addComment']],
    [
      'mutation M($i: I!) { one: addStar(input: $i) { x } two: deleteRef { y } }',
      ['addStar', 'deleteRef'],
    ],
    ['query A { a } mutation B { deleteRepo } query C { c }', ['deleteRepo']],
    ['# mutation { a }\nmutation # {\n{ b }', ['b']],
    ['mutation { a @include(if: true) { x } b }', ['a', 'b']],
    ['mutation { a(s: """ " } { """) , b }', ['a', 'b']],
    ['fragment F on T { a } mutation { b { ...F } }', ['b']],
    ['\uFEFFmutation{a}', ['a']],
  ])('of %j are %j', (document, names) => {
    expect(mutationsOf(document)).toEqual(names);
  });

  test.each([
    'mutation { ...F } fragment F on Mutation { deleteRef }',
    'mutation { ... on Mutation { deleteRef } }',
    'extend type T { a }',
    'mutation { a ',
    'mutation { a } }',
    'mutation { a( }',
    'mutation { "a" }',
    'mutation { a } \u0000',
    'mutation',
    'mutation { : a }',
  ])('of %j are not to be known', (document) => {
    expect(() => mutationsOf(document)).toThrow(refused);
  });

  test('of anything are named or refused, and in time', () => {
    const word = fc.constantFrom(
      'mutation',
      'query',
      '{',
      '}',
      '(',
      ')',
      ':',
      '...',
      'a',
      '"',
      '@',
      '#',
      '\n',
      '"""',
      ' ',
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 200 }), (words) => {
        try {
          mutationsOf(words.join(''));
        } catch (error) {
          expect(error).toEqual(refused);
        }
      }),
    );
    const deep = `mutation { a${'('.repeat(100_000)}`;
    expect(() => mutationsOf(deep)).toThrow(refused);
  });
});

describe('a request', () => {
  test('passes with queries, and with what is listed', () => {
    const listed = body({ query: 'mutation { addStar { x } }', variables: { a: 1 } });
    expect(checkOperations(listed, ['addStar'])).toEqual(listed);
    expect(checkOperations(body([{ query: '{a}' }]), [])).toEqual(body([{ query: '{a}' }]));
  });

  test.each([
    ['a mutation', body({ query: 'mutation { addStar }' })],
    ['one in a list', body([{ query: '{a}' }, { query: 'mutation { addStar }' }])],
    ['a stored query', body({ extensions: { persistedQuery: { sha256Hash: 'x' } } })],
    ['no object', body('mutation { a }')],
    ['no JSON', Buffer.from('query=mutation{a}')],
    ['no UTF-8', Buffer.from([0x22, 0xff, 0x22])],
  ])('with %s is refused', (_, bytes) => {
    expect(() => checkOperations(bytes, ['other'])).toThrow(refused);
  });

  test('that says two things says one of them in the end', () => {
    const twice = Buffer.from('{"query":"mutation{a}","query":"{b}"}');
    expect(String(checkOperations(twice, []))).toBe('{"query":"{b}"}');
  });

  test('has no mutation in its address', () => {
    expect(() => checkQueryString('query=mutation%7Ba%7D')).toThrow(refused);
    expect(() => checkQueryString('query=%7Ba%7D&x=1')).not.toThrow();
  });
});
