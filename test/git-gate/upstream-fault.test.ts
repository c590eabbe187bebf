/** Upstreams that are down, or do not want to: the guest is told so, and is never shown what was before. */
import { expect, test } from 'vitest';
import type { GitAccess } from '../../src/gateway/protocol.ts';
import type { Respond } from '../upstream/upstream.ts';
import { commit, openScene, type SceneOptions } from './scene.ts';

const redirect: Respond = (_, response) => {
  response.writeHead(301, { Location: 'https://elsewhere.example.test/site.git/info/refs' }).end();
};
const WRONG: GitAccess = { kind: 'token', name: 'SITE_TOKEN', value: 'not-the-token' };
const nobody: GitAccess = { kind: 'none' };

const CASES: readonly [what: string, rule: string, why: RegExp, options: SceneOptions][] = [
  ['refuses the credential', 'upstream-refused', /credential/, { repository: { access: WRONG } }],
  ['asks for a credential', 'upstream-refused', /credential/, { repository: { access: nobody } }],
  ['leads elsewhere', 'upstream-refused', /elsewhere/, { respond: redirect }],
  [
    'has no such repository',
    'upstream-refused',
    /no such repository/,
    { repository: { url: 'https://git.example.test/none.git' } },
  ],
  [
    'fails',
    'upstream-reset',
    /could not go on/,
    { respond: (_, response) => void response.writeHead(500).end() },
  ],
  [
    'hangs up',
    'upstream-reset',
    /could not go on/,
    { respond: (_, response) => void response.destroy() },
  ],
  [
    'is signed by nobody that we know',
    'upstream-tls',
    /certificate/,
    { config: { extraAuthorities: '' } },
  ],
  [
    'takes no connection',
    'upstream-connect',
    /could not be reached/,
    {
      config: {
        connectTo: [{ host: 'git.example.test', port: 443, address: '127.0.0.1', toPort: 9 }],
      },
    },
  ],
  [
    'has no address',
    'upstream-dns',
    /resolved/,
    { repository: { url: 'https://no-such-name.invalid/site.git' } },
  ],
  [
    'has a private address',
    'private-address',
    /leads to an address/,
    { repository: { url: 'https://localhost/site.git' } },
  ],
  [
    'wants ssh, and there is no key',
    'no-match',
    /lacks a key/,
    { repository: { url: 'ssh://git@git.example.test:443/site.git', access: nobody } },
  ],
];

test.each(CASES)('an upstream that %s is a %s', async (_, rule, why, options) => {
  const scene = await openScene(options);
  try {
    const { exitCode, stderr } = await scene.git(scene.directory, 'ls-remote', scene.url);
    expect(exitCode).toBe(128);
    expect(stderr).toMatch(`remote: bottle-action: denied (${rule}): `);
    expect(stderr).toMatch(why);
    const decision = rule.startsWith('upstream-') ? 'failed' : 'denied';
    await scene.gateway.waitFor(({ type }) => type === 'decision');
    expect(scene.gateway.decisions()).toEqual([
      expect.objectContaining({ decision, rule, route: 'git:site' }),
    ]);
    expect(scene.gateway.stderr()).toBe('');
  } finally {
    await scene.close();
  }
});

test('an upstream that goes down is not answered for, neither for fetches nor for pushes', async () => {
  const scene = await openScene();
  try {
    const work = await scene.clone('work');
    await commit(scene, work, { 'a.txt': 'a\n' });
    await scene.upstream.close();
    const ask = (...args: string[]) => scene.git(work, ...args);
    await expect
      .poll(async () => (await ask('fetch')).stderr, { timeout: 10_000 })
      .toMatch('remote: bottle-action: denied (upstream-connect)');
    const pushed = await ask('push', 'origin', 'main');
    expect(pushed.exitCode).toBe(128);
    expect(pushed.stderr).toMatch('remote: bottle-action: denied (upstream-connect)');
    expect(await scene.pushes(0)).toEqual([]);
  } finally {
    await scene.close();
  }
});
