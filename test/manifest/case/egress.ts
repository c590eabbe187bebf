/** `egress`: hosts, credentials, matches, checks. */
import { badBottle, goodBottle } from './case.ts';

const HOST =
  'must be a host name such as api.example.com, or *.example.com for all names below it: no scheme, port, path or address';
const RUNNERS_OWN = 'names a variable of the runner itself';

const route = (rest: string) => `egress:\n  routes:\n    - host: api.example.com\n${rest}`;
const host = (name: string) => `egress:\n  routes:\n    - host: ${name}`;

const hostCases = [
  goodBottle('a host', host('api.example.com')),
  goodBottle('a wildcard', host('"*.example.com"')),
  goodBottle('capital letters', host('API.Example.COM')),
  goodBottle('an international name', host('bücher.example')),
  goodBottle('a single label', host('gitea')),
  goodBottle('no routes', 'egress: {routes: []}'),
  badBottle('a scheme', host('https://api.example.com'), [`4:13 egress.routes[0].host: ${HOST}`]),
  badBottle('a port', host('api.example.com:443'), [`4:13 egress.routes[0].host: ${HOST}`]),
  badBottle('a path', host('api.example.com/v1'), [`4:13 egress.routes[0].host: ${HOST}`]),
  badBottle('a user', host('me@api.example.com'), [`4:13 egress.routes[0].host: ${HOST}`]),
  badBottle('a star in the middle', host('api.*.example.com'), [
    `4:13 egress.routes[0].host: ${HOST}`,
  ]),
  badBottle('everything', host('"*"'), [`4:13 egress.routes[0].host: ${HOST}`]),
  badBottle(
    'a wildcard over a whole top level',
    host('"*.com"'),
    [`4:13 egress.routes[0].host: ${HOST}`],
    { beyondSchema: true },
  ),
  badBottle('an address', host('127.0.0.1'), [`4:13 egress.routes[0].host: ${HOST}`], {
    beyondSchema: true,
  }),
  badBottle('an address in disguise', host('0x7f.1'), [`4:13 egress.routes[0].host: ${HOST}`], {
    beyondSchema: true,
  }),
  badBottle('an IPv6 address', host('"[::1]"'), [`4:13 egress.routes[0].host: ${HOST}`]),
  badBottle('an escape', host('ex%61mple.com'), [`4:13 egress.routes[0].host: ${HOST}`]),
  badBottle(
    'a hyphen at the end of a label',
    host('api-.example.com'),
    [`4:13 egress.routes[0].host: ${HOST}`],
    { beyondSchema: true },
  ),
  badBottle('a dot at the end', host('example.com.'), [`4:13 egress.routes[0].host: ${HOST}`], {
    beyondSchema: true,
  }),
  badBottle('no host', 'egress:\n  routes:\n    - dlp: {}', [
    '4:7 egress.routes[0].host: is missing',
  ]),
  badBottle(
    'a host twice',
    'egress:\n  routes:\n    - host: a.example\n    - host: b.example\n    - host: A.example',
    ['6:13 egress.routes[2].host: has a route already; merge the two (the first is on line 4)'],
    { beyondSchema: true },
  ),
  badBottle('routes as a map', 'egress:\n  routes:\n    a.example: {}', [
    '4:5 egress.routes: must be a list, but is a map',
  ]),
  badBottle('a host where a route should be', 'egress:\n  routes: [a.example]', [
    '3:12 egress.routes[0]: must be a map, but is text',
  ]),
];

const authCases = [
  goodBottle('a bearer', route('      auth: {scheme: Bearer, token_ref: API_TOKEN}')),
  goodBottle('a token', route('      auth: {scheme: token, token_ref: GITHUB_TOKEN}')),
  goodBottle('a header', route('      auth: {scheme: header, header: X-Api-Key, token_ref: KEY}')),
  badBottle('an empty auth', route('      auth: {}'), [
    '5:13 egress.routes[0].auth.scheme: is missing',
    '5:13 egress.routes[0].auth.token_ref: is missing',
  ]),
  badBottle('an unknown scheme', route('      auth: {scheme: bearer, token_ref: T}'), [
    '5:22 egress.routes[0].auth.scheme: must be one of Bearer, token, header. Did you mean "Bearer"?',
  ]),
  badBottle(
    'the secret itself',
    route('      auth:\n        scheme: Bearer\n        token_ref: sk-ant-123'),
    [
      '7:20 egress.routes[0].auth.token_ref: must be the name of a variable in the step’s `env` (letters, digits, underscores), never the secret itself',
    ],
  ),
  badBottle(
    'the runner’s token',
    route('      auth: {scheme: Bearer, token_ref: ACTIONS_ID_TOKEN_REQUEST_TOKEN}'),
    [`5:41 egress.routes[0].auth.token_ref: ${RUNNERS_OWN}`],
  ),
  badBottle('a header without its name', route('      auth: {scheme: header, token_ref: T}'), [
    '5:22 egress.routes[0].auth.scheme: needs `header`, the header’s name',
  ]),
  badBottle(
    'a header’s name for a bearer',
    route('      auth: {scheme: Bearer, token_ref: T, header: X}'),
    ['5:52 egress.routes[0].auth.header: goes with `scheme: header` only'],
  ),
  badBottle(
    'a header that carries no credential',
    route('      auth: {scheme: header, token_ref: T, header: Host}'),
    ['5:52 egress.routes[0].auth.header: is a header that no credential travels in'],
    { beyondSchema: true },
  ),
  badBottle(
    'a header with a space',
    route('      auth: {scheme: header, token_ref: T, header: "X Y"}'),
    ['5:52 egress.routes[0].auth.header: must be the name of an HTTP header'],
  ),
];

const match = (text: string) => route(`      matches:\n        - ${text}`);

const matchCases = [
  goodBottle(
    'all parts',
    match(
      '{paths: [{type: prefix, value: /v1/}], methods: [GET], headers: [{name: X-A, value: b}]}',
    ),
  ),
  goodBottle(
    'a path expression',
    match('{paths: [{type: regex, value: "/repos/[^/]+/[^/]+(/.*)?"}]}'),
  ),
  goodBottle('an exact path', match('{paths: [{type: exact, value: /}]}')),
  badBottle('no entry', route('      matches: []'), [
    '5:16 egress.routes[0].matches: must have at least 1 entries',
  ]),
  badBottle('an empty entry', match('{}'), [
    '6:11 egress.routes[0].matches[0]: is empty and would allow everything; name `paths`, `methods` or `headers`, or remove it',
  ]),
  badBottle('an unknown type', match('{paths: [{type: PathPrefix, value: /}]}'), [
    '6:27 egress.routes[0].matches[0].paths[0].type: must be one of exact, prefix, regex.',
  ]),
  badBottle('no type', match('{paths: [{value: /}]}'), [
    '6:20 egress.routes[0].matches[0].paths[0].type: is missing',
  ]),
  badBottle(
    'a path without its slash',
    match('{paths: [{type: prefix, value: v1}]}'),
    ['6:42 egress.routes[0].matches[0].paths[0].value: must begin with `/`'],
    { beyondSchema: true },
  ),
  badBottle(
    'a broken expression',
    match('{paths: [{type: regex, value: "/("}]}'),
    [
      '6:41 egress.routes[0].matches[0].paths[0].value: is not a regular expression (JavaScript, `u` flag)',
    ],
    { beyondSchema: true },
  ),
  badBottle(
    'an expression that explodes',
    match('{paths: [{type: regex, value: "/(a+)+"}]}'),
    [
      '6:41 egress.routes[0].matches[0].paths[0].value: must not repeat a group that itself holds a repeat or a choice, such as (a+)* or (a|b)*',
    ],
    { beyondSchema: true },
  ),
  badBottle(
    'an expression with a look-ahead',
    match('{paths: [{type: regex, value: "/(?!x)"}]}'),
    [
      '6:41 egress.routes[0].matches[0].paths[0].value: must not use references to groups or look-arounds',
    ],
    { beyondSchema: true },
  ),
  badBottle(
    'a long expression',
    match(`{paths: [{type: regex, value: "/${'a'.repeat(256)}"}]}`),
    ['6:41 egress.routes[0].matches[0].paths[0].value: must have at most 256 characters'],
    { beyondSchema: true },
  ),
  badBottle('a method in small letters', match('{methods: [get]}'), [
    '6:22 egress.routes[0].matches[0].methods[0]: must be one of GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS. Did you mean "GET"?',
  ]),
  badBottle('a method twice', match('{methods: [GET, GET]}'), [
    '6:27 egress.routes[0].matches[0].methods[1]: is there twice; keep one (the first is on line 6)',
  ]),
  badBottle('a header without a value', match('{headers: [{name: X}]}'), [
    '6:22 egress.routes[0].matches[0].headers[0].value: is missing',
  ]),
];

const dlpCases = [
  goodBottle(
    'all checks',
    route(
      '      dlp: {outbound_detectors: [token_patterns, known_secrets, entropy], inbound_detectors: [naive_injection_detection], outbound_on_match: redact}',
    ),
  ),
  goodBottle(
    'no checks',
    route('      dlp: {outbound_detectors: false, inbound_detectors: false}'),
  ),
  goodBottle('supervise', route('      dlp: {outbound_on_match: supervise}')),
  badBottle('an unknown detector', route('      dlp: {outbound_detectors: [token_pattern]}'), [
    '5:34 egress.routes[0].dlp.outbound_detectors[0]: must be one of token_patterns, known_secrets, entropy. Did you mean "token_patterns"?',
  ]),
  badBottle('true for a list', route('      dlp: {outbound_detectors: true}'), [
    '5:33 egress.routes[0].dlp.outbound_detectors: must be a list or `false`',
  ]),
  badBottle('an unknown action', route('      dlp: {outbound_on_match: allow}'), [
    '5:32 egress.routes[0].dlp.outbound_on_match: must be one of block, redact, supervise.',
  ]),
];

const otherCases = [
  goodBottle(
    'presets, mode and bytes',
    'egress: {presets: [npm, github], mode: learn, max_bytes: 1000000}',
  ),
  goodBottle(
    'every preset',
    'egress: {presets: [anthropic, openai, google, github, npm, pypi, crates, go, debian]}',
  ),
  badBottle(
    'an unknown preset',
    'egress: {presets: [pyp]}',
    [
      '2:20 egress.presets[0]: there is no preset or group "pyp". Did you mean "pypi"? Presets: anthropic, crates, debian, github, go, google, npm, openai, pypi. Groups: none.',
    ],
    { beyondSchema: true },
  ),
  badBottle('a preset that is no name', 'egress: {presets: [npm, "N P M"]}', [
    '2:25 egress.presets[1]: must be lower-case letters, digits and hyphens',
  ]),
  badBottle('a preset twice', 'egress:\n  presets:\n    - npm\n    - npm', [
    '5:7 egress.presets[1]: is there twice; keep one (the first is on line 4)',
  ]),
  badBottle('an unknown mode', 'egress: {mode: off}', [
    '2:16 egress.mode: must be one of enforce, learn.',
  ]),
  badBottle('half a byte', 'egress: {max_bytes: 0.5}', [
    '2:21 egress.max_bytes: must be a whole number',
  ]),
  badBottle('an unknown key', 'egress:\n  rout: []', [
    '3:3 egress.rout: unknown key. Did you mean "routes"? Accepted here: github, max_bytes, mode, presets, routes.',
  ]),
  badBottle('an unknown key of a route', route('      mathces: []'), [
    '5:7 egress.routes[0].mathces: unknown key. Did you mean "matches"? Accepted here: auth, dlp, host, matches, max_bytes, ports.',
  ]),
  badBottle(
    'errors in several routes',
    'egress:\n  routes:\n    - host: a b\n    - hots: b.example\n    - host: c.example\n      dlp: 1',
    [
      `4:13 egress.routes[0].host: ${HOST}`,
      '5:7 egress.routes[1].host: is missing',
      '5:7 egress.routes[1].hots: unknown key. Did you mean "host"?',
      '7:12 egress.routes[2].dlp: must be a map, but is a number',
    ],
  ),
];

const portCases = [
  goodBottle('ports', route('      ports: [443, 8443]')),
  goodBottle('a limit of bytes', route('      max_bytes: 1')),
  badBottle('no port', route('      ports: []'), [
    '5:14 egress.routes[0].ports: must have at least 1 entries',
  ]),
  badBottle('port 0', route('      ports: [0]'), [
    '5:15 egress.routes[0].ports[0]: must be at least 1',
  ]),
  badBottle('a port too high', route('      ports: [65536]'), [
    '5:15 egress.routes[0].ports[0]: must be at most 65535',
  ]),
  badBottle('a port as text', route('      ports: ["443"]'), [
    '5:15 egress.routes[0].ports[0]: must be a number, but is text',
  ]),
  badBottle('a port twice', route('      ports: [443, 443]'), [
    '5:20 egress.routes[0].ports[1]: is there twice; keep one (the first is on line 5)',
  ]),
  badBottle('no bytes', route('      max_bytes: 0'), [
    '5:18 egress.routes[0].max_bytes: must be at least 1',
  ]),
];

const groupCases = [
  goodBottle(
    'a group',
    'egress_groups:\n  docs:\n    - host: docs.example\n      ports: [8443]\negress: {presets: [docs]}',
  ),
  goodBottle('a group that nobody names', 'egress_groups: {docs: [{host: docs.example}]}'),
  goodBottle('no group', 'egress_groups: {}'),
  badBottle(
    'a group under the name of a preset',
    'egress_groups: {npm: []}',
    ['2:17 egress_groups.npm: the name belongs to a preset of the action; choose another'],
    { beyondSchema: true },
  ),
  badBottle('a group with a capital letter', 'egress_groups: {Docs: []}', [
    '2:17 egress_groups.Docs: the name must be lower-case letters, digits and hyphens',
  ]),
  badBottle(
    'a host twice in a group',
    'egress_groups: {docs: [{host: a.example}, {host: A.example}]}',
    [
      '2:50 egress_groups.docs[1].host: has a route already; merge the two (the first is on line 2)',
    ],
    { beyondSchema: true },
  ),
  badBottle('an old key in a group', 'egress_groups: {docs: [{host: a.example, role: x}]}', [
    '2:42 egress_groups.docs[0].role: this key is not accepted any more: it was reserved',
  ]),
  badBottle(
    'a group by nearly its name',
    'egress_groups: {docs: [{host: a.example}]}\negress: {presets: [dosc]}',
    [
      '3:20 egress.presets[0]: there is no preset or group "dosc". Did you mean "docs"? Presets: anthropic, crates, debian, github, go, google, npm, openai, pypi. Groups: docs.',
    ],
    { beyondSchema: true },
  ),
];

const github = (rest: string) => `egress:\n  presets: [github]\n  github:\n    ${rest}`;

const githubCases = [
  goodBottle(
    'all of GitHub',
    github(
      '{repositories: [octo-org/hello.world, o_1/x], token_ref: GITHUB_TOKEN, write: true, mutations: [addComment]}',
    ),
  ),
  goodBottle('nothing of GitHub', github('{}')),
  ...['hello', 'a/b/c', 'https://github.com/a/b', 'a/b.git', 'a/..', 'a/.', '-a/b', 'a b/c'].map(
    (name) =>
      badBottle(`the repository ${name}`, github(`repositories: ["${name}"]`), [
        '5:20 egress.github.repositories[0]: must be `owner/repository`, as in its address on GitHub, without `.git`',
      ]),
  ),
  badBottle('no repository', github('repositories: []'), [
    '5:19 egress.github.repositories: must have at least 1 entries',
  ]),
  badBottle('a mutation in braces', github('mutations: ["{ addComment }"]'), [
    '5:17 egress.github.mutations[0]: must be the name of a GraphQL mutation',
  ]),
  badBottle('the token of GitHub itself', github('token_ref: ghp-1'), [
    '5:16 egress.github.token_ref: must be the name of a variable',
  ]),
];

export const egressCases = [
  ...hostCases,
  ...portCases,
  ...authCases,
  ...matchCases,
  ...dlpCases,
  ...groupCases,
  ...githubCases,
  ...otherCases,
];
