/** Methods, paths and GraphQL mutations that a route does not allow, disguised as such that it does. */
import type { DenialRule } from '../../../src/gateway/protocol.ts';
import { ask, type Case, inside } from '../attack.ts';
import { GRAPH, PATHS } from '../ground.ts';

type Row = readonly [what: string, target: string, rule: DenialRule];

const TARGETS: readonly Row[] = [
  ['another path', '/other', 'no-match'],
  ['a path that begins like the prefix', '/allowedother', 'no-match'],
  ['the prefix in capitals', '/Allowed/x', 'no-match'],
  ['a doubled slash before it', '//allowed/x', 'no-match'],
  ['the prefix as a query', '/other?/allowed', 'no-match'],
  ['a parameter at the prefix', '/allowed;/../other', 'malformed'],
  ['a parameter in place of a segment', '/allowed;x/other', 'no-match'],
  ['a dot segment', '/allowed/../other', 'malformed'],
  ['an escaped dot segment', '/allowed/%2e%2e/other', 'malformed'],
  ['a half escaped dot segment', '/allowed/.%2e/other', 'malformed'],
  ['a dot segment escaped twice', '/allowed/%252e%252e/other', 'malformed'],
  ['a dot segment with a parameter', '/allowed/..;/other', 'malformed'],
  ['a dot segment by an escaped slash', '/allowed/..%2fother', 'malformed'],
  ['a dot segment by a backslash', '/allowed/..%5cother', 'malformed'],
  ['a dot segment in fullwidth', '/allowed/%ef%bc%8e%ef%bc%8e/other', 'malformed'],
  ['a dot segment in UTF-8 that is too long', '/allowed/%c0%ae%c0%ae/other', 'malformed'],
  ['an escaped slash', '/allowed%2fother', 'malformed'],
  ['a slash escaped twice', '/allowed%252f..%252fother', 'malformed'],
  ['an escaped end', '/allowed%00/other', 'malformed'],
  ['an escaped line break', '/allowed%0d%0aX:%20y', 'malformed'],
  ['a broken escape', '/allowed%2', 'malformed'],
  ['a fragment', '/allowed#/../other', 'malformed'],
];

const targets: readonly Case[] = TARGETS.map(([what, target, rule]) => ({
  name: `a request with ${what}`,
  attack: inside(PATHS, ask(PATHS, target)),
  expected: { rule },
}));

const METHODS: readonly (readonly [method: string, rule: DenialRule])[] = [
  ['DELETE', 'no-match'],
  ['PUT', 'no-match'],
  ['PROPFIND', 'no-match'],
  ['TRACE', 'malformed'],
  ['get', 'malformed'],
];

const methods: readonly Case[] = METHODS.map(([method, rule]) => ({
  name: `the method ${method}`,
  attack: inside(PATHS, ask(PATHS, '/allowed', ['Content-Length: 0'], { method })),
  expected: { rule },
}));

const OVERRIDES = [
  'X-HTTP-Method-Override: DELETE',
  'X-HTTP-Method: DELETE',
  'X-Method-Override: DELETE',
  'X-Original-URL: /other',
  'X-Rewrite-URL: /other',
];

const overrides: readonly Case[] = OVERRIDES.map((header) => ({
  name: `an allowed request with ${header}`,
  attack: inside(PATHS, ask(PATHS, '/allowed', [header, 'Content-Length: 0'], { method: 'POST' })),
  expected: { rule: 'no-match' },
}));

const MUTATION = 'mutation { deleteRepository(input: {}) { id } }';
const FRAGMENT = 'fragment f on Mutation { deleteRepository(input: {}) { id } }';

const DOCUMENTS: readonly (readonly [what: string, body: unknown])[] = [
  ['a mutation', { query: MUTATION }],
  ['a mutation in a batch', [{ query: '{ viewer { login } }' }, { query: MUTATION }]],
  [
    'a mutation under the alias of an allowed one',
    { query: 'mutation { addComment: deleteRepository(input: {}) { id } }' },
  ],
  [
    'a mutation beside an allowed one',
    { query: 'mutation { addComment(input: {}) { id } deleteRepository(input: {}) { id } }' },
  ],
  [
    'a mutation that operationName chooses',
    {
      query: `query a { viewer { login } } ${MUTATION.replace('mutation', 'mutation b')}`,
      operationName: 'b',
    },
  ],
  ['a mutation behind a comment', { query: `# query { viewer { login } }\r${MUTATION}` }],
  ['a mutation by a fragment', { query: `mutation { ...f } ${FRAGMENT}` }],
  [
    'a mutation by an inline fragment',
    { query: 'mutation { ... on Mutation { deleteRepository(input: {}) { id } } }' },
  ],
  ['a mutation behind commas', { query: `,,,\ufeff ${MUTATION}` }],
  ['a query that is not written down', { extensions: { persistedQuery: { sha256Hash: 'a' } } }],
];

const FORM = `query=${encodeURIComponent(MUTATION)}`;
const FORM_TYPE = 'application/x-www-form-urlencoded';

const post = (target: string, body: string, type = 'application/json') => {
  const headers = [`Content-Type: ${type}`, `Content-Length: ${Buffer.byteLength(body)}`];
  return inside(GRAPH, ask(GRAPH, target, headers, { method: 'POST', body }));
};

const escaped = MUTATION.replace('mutation', '\\u006dutation');

const mutations: readonly Case[] = [
  ...DOCUMENTS.map(([what, body]): [string, ReturnType<typeof post>] => [
    what,
    post('/graphql', JSON.stringify(body)),
  ]),
  ['a mutation with an escaped letter', post('/graphql', `{"query":"${escaped}"}`)] as const,
  [
    'a mutation behind an allowed query of the same name',
    post('/graphql', `{"query":"{ viewer { login } }","query":"${MUTATION}"}`),
  ] as const,
  [
    'a mutation as a parameter',
    post(`/graphql?query=${encodeURIComponent(MUTATION)}`, '{"query":"{ viewer { login } }"}'),
  ] as const,
  [
    'a mutation by GET',
    inside(GRAPH, ask(GRAPH, `/graphql?query=${encodeURIComponent(MUTATION)}`)),
  ] as const,
  ...['/graphql/', '//graphql', '/%67raphql', '/GraphQL'].map(
    (target) =>
      [`a mutation to ${target}`, post(target, JSON.stringify({ query: MUTATION }))] as const,
  ),
  ['a mutation as a form', post('/graphql', FORM, FORM_TYPE)] as const,
].map(([what, attack]) => ({
  name: `GraphQL: ${what}`,
  attack,
  expected: { rule: 'graphql' },
}));

export const MATCH_CASES = [...targets, ...methods, ...overrides, ...mutations];
