/** Controls of what a route allows. */
import type { Control } from '../controls.ts';

export const MATCH_CONTROLS: readonly Control[] = [
  {
    name: 'a request fits its route',
    file: 'admit.ts',
    from: 'matchRequest(route, { method: guest.method, path, headers: guest.headers });',
    to: '',
    red: ['a request with another path', 'the method DELETE'],
  },
  {
    name: 'a prefix ends where a segment does',
    file: 'route-table.ts',
    from: '/^(?:\\/|$)/.test(rest)',
    to: 'true',
    red: ['a request with a path that begins like the prefix'],
  },
  {
    name: 'no header names another method or path',
    file: 'route-table.ts',
    from: 'if (request.headers.some(([name]) => OVERRIDES.has(name.toLowerCase()))) {',
    to: 'if (false as boolean) {',
    red: ['an allowed request with X-HTTP-Method-Override: DELETE'],
  },
  {
    name: 'a path has no dot segments',
    file: 'path.ts',
    from: 'if (segments.some((segment) => DOT_SEGMENT.test(segment))) {',
    to: 'if (false as boolean) {',
    red: ['a request with a dot segment', 'a request with an escaped dot segment'],
  },
  {
    name: 'escapes of escapes are undone before the path is judged',
    file: 'path.ts',
    from: 'const decoded = undoAllEscapes(once, MAX_ROUNDS);',
    to: 'const decoded = MAX_ROUNDS > 0 ? once : undoAllEscapes(once, 1);',
    red: ['a request with a dot segment escaped twice'],
  },
  {
    name: 'a path is UTF-8',
    file: 'path.ts',
    from: "if (!isUtf8(Buffer.from(once, 'latin1')))",
    to: 'if (!isUtf8)',
    red: ['a request with a dot segment in UTF-8 that is too long'],
  },
  {
    name: 'GraphQL is read',
    file: 'admit.ts',
    from: 'graphqlMutations !== undefined && isGraphql(path)',
    to: 'false as boolean',
    red: [
      'GraphQL: a mutation',
      'GraphQL: a mutation in a batch',
      'GraphQL: a mutation as a parameter',
    ],
  },
  {
    name: 'an alias is not what counts',
    file: 'graphql.ts',
    from: "if (tokens[at + 1] === ':') at += 2;",
    to: "if (tokens[at + 1] === ':') (tokens as string[]).splice(at + 1, 2);",
    red: ['GraphQL: a mutation under the alias of an allowed one'],
  },
  {
    name: 'a mutation begins with no fragment',
    file: 'graphql.ts',
    from: "if (!NAME.test(name)) throw refusal('a mutation may not begin with a fragment');",
    to: 'if (!NAME.test(name)) return names;',
    red: ['GraphQL: a mutation by a fragment', 'GraphQL: a mutation by an inline fragment'],
  },
];
