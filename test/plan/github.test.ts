/** GitHub's hosts, judged by the gateway's own reading of the rules. */
import { describe, expect, test } from 'vitest';
import { Denied } from '../../src/gateway/denied.ts';
import type { GatewayRoute, RouteRule } from '../../src/gateway/protocol.ts';
import { compileRoutes, matchRequest } from '../../src/gateway/route-table.ts';
import { directory, type Given, planOf } from './scene.ts';

const DEV = '.bot-bottle/bottles/dev.md';
const API = 'api.github.com';
const RAW = 'raw.githubusercontent.com';

async function routesOf(egress: string, given?: Given): Promise<readonly RouteRule[]> {
  const { reach } = await planOf(directory(`engine: bubblewrap\negress: ${egress}`), given);
  return reach.routes;
}

/** The rule that refuses `GET api.github.com/repos/…`, or `allowed`. */
function judge(routes: readonly RouteRule[], request: string): string {
  const [, method = '', host = '', path = ''] = /^(\S+) ([^/]+)(.*)$/.exec(request) ?? [];
  try {
    const route = compileRoutes(routes as readonly GatewayRoute[]).find({ host, port: 443 });
    matchRequest(route, { method, path, headers: [] });
    return 'allowed';
  } catch (error) {
    if (error instanceof Denied) return error.rule;
    throw error;
  }
}

const READS = [
  'GET github.com/octo/hello/info/refs',
  'GET github.com/octo/hello.git/info/refs',
  'POST github.com/octo/hello/git-upload-pack',
  'POST github.com/octo/hello.git/git-upload-pack',
  'GET github.com/octo/hello/archive/refs/tags/v1.tar.gz',
  'HEAD github.com/octo/hello/releases/download/v1/x.zip',
  `GET ${API}/repos/octo/hello`,
  `GET ${API}/repos/octo/hello/issues/1`,
  `POST ${API}/graphql`,
  `GET ${RAW}/octo/hello/main/README.md`,
  'GET codeload.github.com/octo/hello/tar.gz/main',
  'GET objects.githubusercontent.com/github-production-release-asset/1',
  'GET release-assets.githubusercontent.com/1',
];

const WRITES = [
  'POST github.com/octo/hello/git-receive-pack',
  'POST github.com/octo/hello.git/git-receive-pack',
  `POST ${API}/repos/octo/hello/issues`,
  `PATCH ${API}/repos/octo/hello/pulls/1`,
  `DELETE ${API}/repos/octo/hello/git/refs/heads/x`,
];

const NEVER = [
  'GET github.com/octo/other/info/refs',
  'GET github.com/octo/helloX/info/refs',
  'GET github.com/octo/hello.gitX/info/refs',
  'GET github.com/octo/helloxgit/info/refs',
  'GET github.com/octo/hello/settings',
  'GET github.com/octo/hello/releases',
  'GET github.com/octo/hello',
  'POST github.com/octo/hello/archive/x',
  'POST github.com/login',
  `GET ${API}/user`,
  `GET ${API}/repos/octo`,
  `GET ${API}/repos/octo/hello-world/issues`,
  `GET ${API}/repos/octo/other`,
  `GET ${API}/graphql`,
  `DELETE ${API}/repos/octo/hello`,
  `DELETE ${API}/repos/octo/hello/`,
  `DELETE ${API}/repos/octo/hello//`,
  `PATCH ${API}/repos/octo/hello`,
  `PUT ${RAW}/octo/hello/main/README.md`,
  `GET ${RAW}/octo/other/main/README.md`,
  'POST objects.githubusercontent.com/1',
];

describe('the preset github', () => {
  test.each(READS)('allows %s', async (request) => {
    expect(judge(await routesOf('{ presets: [github] }'), request)).toBe('allowed');
  });

  test.each(WRITES)('allows %s with write alone', async (request) => {
    const read = await routesOf('{ presets: [github] }');
    const write = await routesOf('{ presets: [github], github: { write: true } }');
    expect([judge(read, request), judge(write, request)]).toEqual(['no-match', 'allowed']);
  });

  test('uploads files of a release with write alone', async () => {
    const request = 'POST uploads.github.com/repos/octo/hello/releases/1/assets';
    const read = await routesOf('{ presets: [github] }');
    const write = await routesOf('{ presets: [github], github: { write: true } }');
    expect([judge(read, request), judge(write, request)]).toEqual(['no-route', 'allowed']);
    const other = 'POST uploads.github.com/repos/octo/other/releases/1/assets';
    expect(judge(write, other)).toBe('no-match');
  });

  test.each(NEVER)('never allows %s', async (request) => {
    const routes = await routesOf('{ presets: [github], github: { write: true } }');
    expect(judge(routes, request)).toBe('no-match');
  });

  test('is for the repositories that are named, and not for the workflow’s own then', async () => {
    const routes = await routesOf('{ presets: [github], github: { repositories: [a/b.c, d/e] } }');
    const get = (name: string) => judge(routes, `GET github.com/${name}/info/refs`);
    expect(['a/b.c', 'd/e', 'a/bxc', 'octo/hello'].map(get)).toEqual([
      'allowed',
      'allowed',
      'no-match',
      'no-match',
    ]);
  });

  test('lets the mutations pass that are listed, by default none', async () => {
    const mutations = async (github: string) => {
      const routes = await routesOf(`{ presets: [github], github: ${github} }`);
      return routes
        .map(({ host, graphqlMutations }) => [host, graphqlMutations])
        .filter(([, m]) => m);
    };
    expect(await mutations('{}')).toEqual([[API, []]]);
    expect(await mutations('{ mutations: [addComment] }')).toEqual([[API, ['addComment']]]);
  });

  test('has every host opened, on port 443 alone', async () => {
    const routes = await routesOf('{ presets: [github], github: { write: true } }');
    expect(routes).toHaveLength(7);
    for (const { ports, tls, matches, source } of routes) {
      expect([ports, tls, source]).toEqual([[443], 'open', 'preset github']);
      expect(matches).not.toEqual([]);
    }
  });

  test('shows its token to the hosts that ask for one, git’s as a password', async () => {
    const files = directory(
      'engine: bubblewrap\negress:\n  presets: [github]\n  github: { write: true, token_ref: T }',
    );
    const { reach, env, secrets } = await planOf(files);
    const shown = reach.routes.flatMap(({ host, auth }) => (auth ? [[host, auth.scheme]] : []));
    expect(shown).toEqual([
      ['github.com', 'Basic'],
      [API, 'Bearer'],
      ['uploads.github.com', 'Bearer'],
      [RAW, 'Bearer'],
    ]);
    expect(secrets).toEqual([{ name: 'T', use: 'GitHub', source: `${DEV}:5` }]);
    expect(env.map(({ name, source }) => [name, source])).toEqual([
      ['GH_TOKEN', 'preset github'],
      ['GITHUB_TOKEN', 'preset github'],
    ]);
  });

  test('of no repository is an error', async () => {
    const planned = routesOf('{ presets: [github] }', { repository: '' });
    await expect(planned).rejects.toMatchObject({
      outcome: 'config-invalid',
      where: `${DEV}:3; GITHUB_REPOSITORY is not set`,
    });
  });
});

describe('a written route to GitHub', () => {
  const written = (host: string, rest = '') =>
    `{ routes: [{ host: "${host}", auth: { scheme: token, token_ref: T }${rest} }] }`;

  test.each(['github.com', API])('to %s is for the own repository alone', async (host) => {
    const files = directory(`engine: bubblewrap\negress: ${written(host)}`);
    const { reach, notices } = await planOf(files);
    const [preset] = (await routesOf('{ presets: [github] }')).filter((rule) => rule.host === host);
    expect(reach.routes).toMatchObject([{ host, matches: preset?.matches, source: `${DEV}:3` }]);
    expect(notices).toEqual([
      {
        message: `${host}, ${DEV}:3: without \`matches\`, its credential is for octo/hello alone`,
        file: DEV,
        line: 3,
      },
    ]);
  });

  test('without a repository to limit it to is an error', async () => {
    const planned = routesOf(written(API), { repository: '' });
    await expect(planned).rejects.toMatchObject({ outcome: 'config-invalid' });
  });

  test('keeps its own matches, and lets no mutation pass', async () => {
    const [route] = await routesOf(written(API, ', matches: [{ methods: [POST] }]'));
    expect(route).toMatchObject({ matches: [{ methods: ['POST'] }], graphqlMutations: [] });
  });

  test('with a wildcard lets no mutation pass', async () => {
    const [route] = await routesOf(written('*.github.com'));
    expect(route).toMatchObject({ matches: [], graphqlMutations: [] });
  });

  test('without a credential is as it is written', async () => {
    const [route] = await routesOf(`{ routes: [{ host: ${API} }] }`);
    expect(route).toMatchObject({ tls: 'tunnel', matches: [] });
    expect(route).not.toHaveProperty('graphqlMutations');
  });
});
