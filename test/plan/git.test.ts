/** What the plan says about git: rules for commits, remotes of the gate, the proposal. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DEFAULT_POLICY } from '../../src/git-check/policy.ts';
import { parseAddress, spellingsOf } from '../../src/plan/address.ts';
import { directory, type Given, planOf, requestOf } from './scene.ts';

const DEV = '.bot-bottle/bottles/dev.md';
const HOST_KEY = 'ssh-ed25519 AAAAC3Nza';
const STATIC = 'key: { provider: static, path: /keys/site }';

const gate = (lines: string) =>
  directory(`engine: bubblewrap\ngit-gate:\n${lines.replace(/^/gm, '  ')}`);
const repo = (...lines: readonly string[]) =>
  gate(['repos:', '  site:', ...lines.map((line) => `    ${line}`)].join('\n'));
const gitOf = async (files: Parameters<typeof planOf>[0], given?: Given) =>
  (await planOf(files, given)).git;
const messagesOf = async (files: Parameters<typeof planOf>[0], given?: Given) =>
  (await planOf(files, given)).notices.map(({ message }) => message);
const dropping = async () => {
  const { trust } = await requestOf(directory('engine: bubblewrap'));
  return { trust: { ...trust, dropCredentials: true } };
};
const withToken: Given = { inputs: { token: 'ghs_x' } };

describe('the rules for commits', () => {
  test('are the built-in ones where the bottle says nothing', async () => {
    const { value, sources } = (await gitOf(directory('engine: bubblewrap'))).policy;
    expect(value).toEqual(DEFAULT_POLICY);
    expect(new Set(Object.values(sources))).toEqual(new Set(['default']));
  });

  test('are the bottle’s, in bytes, each with its place', async () => {
    const files = gate(
      'protected_paths: ["*.lock", { glob: .github/**, action: review }]\n' +
        'max_file_mib: 0.5\nmax_patch_mib: 2\nmax_files: 7\nallow_submodules: true',
    );
    const { value, sources } = (await gitOf(files)).policy;
    expect(value).toEqual({
      ...DEFAULT_POLICY,
      // The first that fits decides.
      protectedPaths: [
        { glob: '*.lock', action: 'block' },
        { glob: '.github/**', action: 'review' },
        ...DEFAULT_POLICY.protectedPaths,
      ],
      maxFileBytes: 524_288,
      maxPatchBytes: 2_097_152,
      maxFiles: 7,
      allowSubmodules: true,
    });
    expect(sources).toEqual({
      protectedPaths: `${DEV}:4`,
      maxFileBytes: `${DEV}:5`,
      maxPatchBytes: `${DEV}:6`,
      maxFiles: `${DEV}:7`,
      maxCommits: 'default',
      allowSubmodules: `${DEV}:8`,
    });
  });
});

describe('the checkout’s own repository', () => {
  test('is served by the workflow’s token, and pushes to it stay on the runner', async () => {
    const { remotes, origin } = await gitOf(directory('engine: bubblewrap'), withToken);
    const from = (value: unknown) => ({ value, source: 'checkout' });
    expect(origin).toBe('origin');
    expect(remotes).toEqual([
      {
        name: 'origin',
        url: from('https://github.com/octo/hello'),
        guestUrl: 'http://127.0.0.1:7711/git/origin',
        insteadOf: [
          'https://github.com/octo/hello',
          'https://github.com/octo/hello.git',
          'ssh://git@github.com/octo/hello',
          'ssh://git@github.com/octo/hello.git',
          'git@github.com:octo/hello',
          'git@github.com:octo/hello.git',
        ],
        credential: from({ kind: 'workflow-token' }),
        hostKey: from(''),
        push: from('record'),
        allowForce: from(true),
        refs: from(['refs/heads/**', 'refs/tags/**']),
      },
    ]);
  });

  test.each([
    'git@github.com:octo/hello.git',
    'ssh://git@github.com/octo/hello',
    'https://x-access-token:s3cret@github.com/octo/hello.git/',
  ])('is the same one, without a password, where the checkout writes it as %s', async (origin) => {
    const checkout = { origin, server: 'https://github.com' };
    const one = await gitOf(directory('engine: bubblewrap'), { ...withToken, checkout });
    expect(one).toEqual(await gitOf(directory('engine: bubblewrap'), withToken));
  });

  test.each(['', '/srv/git/hello.git', 'file:///srv/hello', 'http://github.com/o/r', 'ext::sh x'])(
    'is not served where the checkout is from %j',
    async (origin) => {
      const checkout = { origin, server: 'https://github.com' };
      const git = await gitOf(directory('engine: bubblewrap'), { ...withToken, checkout });
      expect(git).toMatchObject({ remotes: [], origin: '' });
    },
  );

  test.each([
    ['another server', 'https://git.example/octo/hello', 'https://github.com'],
    ['a server that begins alike', 'https://github.com.evil.example/o/r', 'https://github.com'],
    ['no server', 'https://github.com/octo/hello', ''],
  ])('is not shown the workflow’s token: %s', async (_, origin, server) => {
    const given = { ...withToken, checkout: { origin, server } };
    const { remotes } = await gitOf(directory('engine: bubblewrap'), given);
    expect(remotes[0]?.credential.value).toEqual({ kind: 'none' });
  });

  test('is not shown the workflow’s token in a fork’s run', async () => {
    const given = { ...withToken, ...(await dropping()) };
    const { remotes } = await gitOf(directory('engine: bubblewrap'), given);
    expect(remotes[0]?.credential.value).toEqual({ kind: 'none' });
  });

  test('obeys what the bottle says of it, under the bottle’s name', async () => {
    const files = repo('url: git@github.com:Octo/Hello.git', 'push: forward', 'branches: [b/*]');
    const { remotes, origin } = await gitOf(files, withToken);
    expect(origin).toBe('site');
    expect(remotes).toHaveLength(1);
    expect(remotes[0]).toMatchObject({
      name: 'site',
      url: { value: 'https://github.com/octo/hello', source: `${DEV}:6` },
      credential: { value: { kind: 'workflow-token' }, source: 'input token' },
      push: { value: 'forward', source: `${DEV}:7` },
      allowForce: { value: false },
      refs: { value: ['refs/heads/b/*'], source: `${DEV}:8` },
    });
  });

  test('takes another name where a remote has that of origin', async () => {
    const files = gate('repos: { origin: { url: "https://git.example/o/r" } }');
    const { remotes, origin } = await gitOf(files);
    expect([origin, ...remotes.map(({ name }) => name)]).toEqual(['_origin', '_origin', 'origin']);
  });
});

describe('a remote of the bottle', () => {
  const SSH = 'url: ssh://git@git.example:2222/me/site.git';
  const PINNED = `host_key: ${HOST_KEY}`;
  const HTTPS = 'url: https://git.example/me/site';
  const TOKEN = 'key: { provider: token, token_ref: SITE_TOKEN }';

  test.each<[string, readonly string[], string, unknown]>([
    ['over ssh, complete', [SSH, PINNED, STATIC], 'forward', { kind: 'key-file' }],
    ['over ssh without a host key', [SSH, STATIC], 'record', { kind: 'key-file' }],
    ['over ssh without a key', [SSH, PINNED], 'record', { kind: 'none' }],
    ['over https with a token', [HTTPS, TOKEN], 'forward', { kind: 'token', name: 'SITE_TOKEN' }],
    ['over https without', [HTTPS], 'record', { kind: 'none' }],
    ['complete, and told to', [SSH, PINNED, STATIC, 'push: refuse'], 'refuse', {}],
  ])('%s: pushes are %s', async (_, lines, push, credential) => {
    const remote = (await gitOf(repo(...lines))).remotes[1];
    expect(remote?.push.value).toBe(push);
    expect(remote?.credential.value).toMatchObject(credential as object);
  });

  test('says force and host key with their places', async () => {
    expect((await gitOf(repo(SSH, PINNED, STATIC, 'allow_force: true'))).remotes[1]).toMatchObject({
      credential: { value: { kind: 'key-file', path: '/keys/site' }, source: `${DEV}:8` },
      hostKey: { value: HOST_KEY, source: `${DEV}:7` },
      allowForce: { value: true, source: `${DEV}:9` },
    });
  });

  test('is opened by a deploy key that is made for the run', async () => {
    const key = (more = '') => `key: { provider: gitea, provisioner_token: GITEA${more} }`;
    const plan = await planOf(repo(SSH, PINNED, key()));
    expect(plan.git.remotes[1]).toMatchObject({
      credential: {
        value: {
          kind: 'deploy-key',
          api: 'https://git.example/api/v1',
          repository: 'me/site',
          tokenName: 'GITEA',
        },
        source: `${DEV}:8`,
      },
      push: { value: 'forward' },
    });
    expect(plan.secrets).toEqual([{ name: 'GITEA', use: 'git remote site', source: `${DEV}:8` }]);
    expect(plan.notices).toEqual([]);
    const other = await gitOf(
      repo(SSH, PINNED, key(', api_url: "https://git.example:3000/api/v1/"')),
    );
    expect(other.remotes[1]?.credential.value).toMatchObject({
      api: 'https://git.example:3000/api/v1',
    });
  });

  test('has its token among the secrets', async () => {
    expect((await planOf(repo(HTTPS, TOKEN))).secrets).toEqual([
      { name: 'SITE_TOKEN', use: 'git remote site', source: `${DEV}:7` },
    ]);
  });

  test.each<[string, readonly string[], RegExp]>([
    ['without a key', [HTTPS, 'push: forward'], /needs a `key`/],
    ['without a host key', [SSH, STATIC, 'push: forward'], /needs the remote’s `host_key`$/],
    ['with a token over ssh', [SSH, TOKEN], /of no use over ssh/],
    ['with a key file over https', [HTTPS, STATIC], /of no use over https/],
    [
      'with a deploy key for no owner',
      ['url: ssh://git@git.example/site', 'key: { provider: gitea, provisioner_token: GITEA }'],
      /is for "owner\/name"/,
    ],
    [
      'with a deploy key over https',
      [HTTPS, 'key: { provider: gitea, provisioner_token: GITEA }'],
      /of no use over https/,
    ],
    ['that is no repository', ['url: https://git.example/?x'], /names no repository/],
  ])('%s is an error that names it', async (_, lines, what) => {
    const refused = gitOf(repo(...lines));
    await expect(refused).rejects.toMatchObject({
      outcome: 'config-invalid',
      what: expect.stringMatching(what),
      where: expect.stringContaining(`git-gate.repos.site.`),
    });
  });

  test('that lacks what ssh needs is said', async () => {
    expect(await messagesOf(repo(SSH))).toContain(
      'git-gate.repos.site lacks the remote’s `host_key` and a `key`: over ssh, the gate cannot even fetch',
    );
  });

  test('has no key in a fork’s run, and nothing is forwarded', async () => {
    const given = await dropping();
    const plan = await planOf(repo(SSH, PINNED, STATIC, 'push: forward'), given);
    expect(plan.git.remotes[1]).toMatchObject({
      credential: { value: { kind: 'none' } },
      push: { value: 'record', source: "a fork's run" },
    });
    expect(plan.notices.map(({ message }) => message)).toContainEqual(
      expect.stringMatching(/^git-gate\.repos\.site\.key, .*: dropped, a fork's run/),
    );
  });
});

test('the example of docs/git.md is a bottle, and its remotes are as the page says', async () => {
  const page = readFileSync(new URL('../../docs/git.md', import.meta.url), 'utf8');
  const [, example = ''] = /```yaml\n([\s\S]*?)```/.exec(page) ?? [];
  const { remotes, policy } = await gitOf(directory(`engine: bubblewrap\n${example.trimEnd()}`));
  expect(remotes.map(({ name, push }) => [name, push.value])).toEqual([
    ['origin', 'record'],
    ['site', 'forward'],
    ['assets', 'record'],
  ]);
  expect(policy.value.protectedPaths).toHaveLength(DEFAULT_POLICY.protectedPaths.length + 2);
});

describe('the ways to write an address', () => {
  const word = fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,8}$/);
  const path = fc
    .array(word, { minLength: 1, maxLength: 3 })
    .map((parts) => parts.join('/'))
    .filter((text) => !text.endsWith('.git'));
  const port = fc.option(fc.integer({ min: 1, max: 65_535 }), { nil: undefined });

  test('all say the same repository, and hold the one that was written', () => {
    fc.assert(
      fc.property(word, path, port, fc.boolean(), fc.boolean(), (host, at, number, ssh, dotGit) => {
        const place = `${host}${number === undefined ? '' : `:${number}`}/${at}`;
        const text = `${ssh ? 'ssh://git@' : 'https://'}${place}${dotGit ? '.git' : ''}`;
        const address = parseAddress(text);
        if (address === undefined) throw new Error(text);
        const spellings = spellingsOf(address);
        expect(spellings).toContain(text);
        expect(new Set(spellings).size).toBe(spellings.length);
        for (const spelling of spellings) {
          expect(parseAddress(spelling)).toMatchObject({ host, path: at });
        }
      }),
    );
  });

  test('never have a user or a password of an https address in them', () => {
    const address = parseAddress('https://me:s3cret@git.example/o/r');
    expect(JSON.stringify([address, address && spellingsOf(address)])).not.toMatch(/s3cret|me:/);
  });
});

describe('what becomes of the change', () => {
  const none = directory('engine: bubblewrap');
  const trigger = { number: 17, branch: 'topic' };

  test('is a branch of the run’s own, and a pull request into the branch of the event', async () => {
    const { push } = await gitOf(none, { inputs: { push: 'pull-request' }, trigger });
    expect(push).toEqual({
      mode: { value: 'pull-request', source: 'input push' },
      branch: { value: 'bottle/a-abc12', source: 'default' },
      base: { value: 'topic', source: 'default' },
      title: { value: '', source: 'default' },
      draft: { value: false, source: 'input draft' },
      labels: { value: [], source: 'default' },
      reviewers: { value: [], source: 'default' },
      comment: { value: false, source: 'input comment' },
      number: { value: 17, source: 'the event' },
    });
  });

  test('is what the inputs say', async () => {
    const inputs = {
      push: 'pull-request' as const,
      branch: 'bots/{agent}/{number}/{run-id}',
      base: 'next',
      title: 'Work',
      draft: true,
      labels: ['bot'],
      reviewers: ['octo/team'],
      comment: true,
    };
    expect((await gitOf(none, { inputs, trigger })).push).toEqual({
      mode: { value: 'pull-request', source: 'input push' },
      branch: { value: 'bots/a/17/a-abc12', source: 'input branch' },
      base: { value: 'next', source: 'input base' },
      title: { value: 'Work', source: 'input title' },
      draft: { value: true, source: 'input draft' },
      labels: { value: ['bot'], source: 'input labels' },
      reviewers: { value: ['octo/team'], source: 'input reviewers' },
      comment: { value: true, source: 'input comment' },
      number: { value: 17, source: 'the event' },
    });
  });

  test('cannot be named after a number that there is not', async () => {
    const refused = gitOf(none, { inputs: { push: 'branch', branch: 'b/{number}' } });
    await expect(refused).rejects.toMatchObject({
      outcome: 'config-invalid',
      where: 'b/{number}, input branch',
    });
  });

  test('is a patch alone in a fork’s run, which is said', async () => {
    const given = { ...(await dropping()), inputs: { push: 'branch', comment: true } as const };
    const { push } = await gitOf(none, given);
    expect([push.mode.value, push.comment.value]).toEqual(['none', false]);
    expect(await messagesOf(none, given)).toEqual([
      "push: branch is dropped: of a fork's run, nothing is written back but a patch",
      "comment is dropped: of a fork's run, nothing is written back but a patch",
    ]);
  });

  test('is not what was said of a pull request that nobody asked for', async () => {
    const inputs = { branch: 'b', base: 'next', labels: ['x'] };
    expect(await messagesOf(none, { inputs })).toEqual([
      'With push: none, nothing comes of the inputs: branch, base, labels',
    ]);
  });
});
