/** Every row of the trust table, against an API on the loopback device. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { BottleError } from '../../src/errors.ts';
import { makeGitHubApi } from '../../src/trust/api.ts';
import { readEvent } from '../../src/trust/read-event.ts';
import { decideTrust, type Trust } from '../../src/trust/trust.ts';
import { parseRow, readTable, type TrustCase } from './case.ts';
import { type FakeApi, REPOSITORY, startApi, TOKEN } from './github-api.ts';
import { PEOPLE, REPOSITORY_ID, SHA, tell } from './payload.ts';

let api: FakeApi;
let directory: string;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'trust-table-'));
  api = await startApi();
});
afterAll(async () => {
  rmSync(directory, { recursive: true });
  await api.close();
});
afterEach(() => {
  expect(api.unexpected).toEqual([]);
});

const REVISIONS = new Map([
  ['v1', SHA.tag],
  ['refs/heads/main', SHA.main],
]);

async function decide(row: TrustCase): Promise<Trust> {
  const { users, permissions, resources } = api.state;
  for (const map of [users, permissions, resources]) map.clear();
  for (const person of Object.values(PEOPLE)) if (person) users.set(person.id, person);
  permissions.set('Maria', 'write');
  const sender = PEOPLE[row.sender ?? 'maintainer'];
  if (row.permission && sender) permissions.set(sender.login, row.permission);
  const path = join(directory, 'event.json');
  writeFileSync(path, JSON.stringify(tell(row, api)));
  const env = {
    GITHUB_EVENT_NAME: row.event,
    GITHUB_EVENT_PATH: path,
    GITHUB_API_URL: api.url,
    GITHUB_REPOSITORY: REPOSITORY,
    GITHUB_REPOSITORY_ID: String(REPOSITORY_ID),
    GITHUB_SHA: row.sha,
    GITHUB_REF: row.ref,
  };
  const host = { env, cancelled: new AbortController().signal };
  const head = row.checkout;
  return await decideTrust({
    event: readEvent(host),
    inputs: row.inputs,
    repository: head === undefined ? undefined : checkoutAt(head),
    api: makeGitHubApi(host, TOKEN),
  });
}

function checkoutAt(head: string) {
  return {
    head,
    resolve: async (revision: string) => REVISIONS.get(revision),
    ensureCommit: async () => {},
  };
}

/** As the table writes it. */
function describeTrust({ ref, head, cacheTrusted, dropCredentials }: Trust): string {
  const name = Object.entries(SHA).find(([, sha]) => ref.kind === 'commit' && ref.sha === sha);
  const flags = [head, cacheTrusted && 'cache', dropCredentials && 'uncredentialed'];
  return `${name?.[0] ?? 'worktree'}: ${flags.filter(Boolean).join(' ')}`;
}

const TABLE = readTable();

test('the table has at least 40 rows', () => {
  expect(TABLE.length).toBeGreaterThanOrEqual(40);
});

describe('the trust table', () => {
  test.each(TABLE)('$event: $name', async (row) => {
    const [, verdict, text = ''] = /^(refused|invalid): (.*)$/.exec(row.expect) ?? [];
    if (verdict === undefined) {
      const trust = await decide(row);
      expect(describeTrust(trust)).toBe(row.expect);
      expect(trust.reason).toMatch(/^\w.*; the manifest is read from .*\.$/);
      const saysSo = trust.notices.some((notice) => notice.includes('without credentials'));
      expect(saysSo).toBe(trust.dropCredentials);
    } else {
      const error = await decide(row).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(BottleError);
      const outcome = verdict === 'refused' ? 'untrusted' : 'config-invalid';
      expect(error).toMatchObject({ outcome, what: expect.stringContaining(text) });
    }
  });
});

describe('the actor', () => {
  const comment = parseRow('issue_comment', '');

  test('is asked for by number: a login that another account has now gives nothing', async () => {
    // Maria renamed herself; somebody else registered the name and may write.
    const decided = (users: readonly [number, string][]) => {
      const original = api.state.users.set.bind(api.state.users);
      api.state.users.set = (id, person) =>
        original(id, { ...person, login: new Map(users).get(id) ?? person.login });
      return decide({ ...comment, sender: 'outsider', author: 'outsider' }).finally(() => {
        api.state.users.set = original;
      });
    };
    await expect(decided([[PEOPLE.outsider.id, 'eve-2']])).rejects.toThrow(/write permission/);
    await expect(
      decided([
        [PEOPLE.maintainer.id, 'maria-old'],
        [PEOPLE.outsider.id, 'Maria'],
      ]),
    ).resolves.toMatchObject({ reason: expect.stringContaining('(200)') });
  });

  test('whose name and number do not agree is refused', async () => {
    const path = `/repos/${REPOSITORY}/collaborators/Maria/permission`;
    const row = { ...comment };
    const host = { env: { GITHUB_API_URL: api.url }, cancelled: new AbortController().signal };
    const real = makeGitHubApi(host, TOKEN);
    await decide(row);
    const { requireWriter } = await import('../../src/trust/actor.ts');
    const event = { repository: REPOSITORY } as never;
    const swapped = {
      get: async (asked: string) =>
        asked === path
          ? { status: 200, body: { permission: 'admin', user: { id: 999 } } }
          : await real.get(asked),
    };
    const question = { event, inputs: { allowedActors: [] }, api: swapped };
    await expect(requireWriter(question, PEOPLE.maintainer, 'x')).rejects.toThrow(
      /another account/,
    );
  });

  test('is not asked for when allowed-actors names it', async () => {
    const before = api.asked.length;
    await decide(parseRow('issue_comment', '| sender=app allowed=helpful[bot] |'));
    expect(api.asked.slice(before)).toEqual([`/repos/${REPOSITORY}/issues/comments/9`]);
  });
});
