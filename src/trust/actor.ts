/** Asks GitHub what an account may do. */
import { z } from 'zod';
import type { GitHubApi } from './api.ts';
import type { Account, Event } from './event.ts';
import { refused } from './refused.ts';

type Question = {
  readonly event: Event;
  readonly inputs: { readonly allowedActors: readonly string[] };
  readonly api: GitHubApi;
};

const USER = z.object({ id: z.int(), login: z.string().regex(/^[A-Za-z0-9_-]+(\[bot\])?$/) });
/** `permission` is the base role: `maintain` counts as `write`, `triage` as `read`. */
const PERMISSION = z.object({ permission: z.string(), user: z.object({ id: z.int() }) });
const MAY_WRITE: readonly string[] = ['write', 'admin'];

/**
 * The reason why `account` may start a run. Only its number counts: a login can be taken over, a
 * `[bot]` at its end or an association with the repository says nothing about what it may do.
 * @throws {BottleError} `untrusted` when it may not
 */
export async function requireWriter(
  { event, inputs, api }: Question,
  account: Account | undefined,
  cause: string,
): Promise<string> {
  if (account === undefined) throw unknown(cause);
  if (inputs.allowedActors.some((login) => isNamed(login, account))) {
    return `${account.login} is named in allowed-actors`;
  }
  const permission = await askPermission(event.repository, account, api);
  if (MAY_WRITE.includes(permission)) {
    return `${account.login} (${account.id}) has ${permission} permission`;
  }
  throw refused({
    what: `${account.login} may not start a run: that takes write permission`,
    where: `${cause}, account ${account.id}, permission ${permission}`,
    fix: 'Let somebody with write permission do it, or name the account in `allowed-actors`.',
  });
}

/** GitHub compares people's logins without case; an app's is taken as it is written. */
function isNamed(login: string, account: Account): boolean {
  if (account.type === 'Bot' || account.login.endsWith('[bot]')) return login === account.login;
  return login.toLowerCase() === account.login.toLowerCase();
}

/** The login of the day is asked for by number, and the answer must be about that number. */
async function askPermission(
  repository: string,
  account: Account,
  api: GitHubApi,
): Promise<string> {
  const user = await api.get(`/user/${account.id}`);
  const { login, id } = accept(USER, user, `GET /user/${account.id}`);
  const path = `/repos/${repository}/collaborators/${encodeURIComponent(login)}/permission`;
  const answer = await api.get(path);
  // Who has nothing to do with the repository, or is an app, may be no collaborator at all.
  if (answer.status === 404) return 'none';
  const granted = accept(PERMISSION, answer, `GET ${path}`);
  if (id === account.id && granted.user.id === account.id) return granted.permission;
  throw refused({
    what: 'GitHub answered about another account than the one that was asked for',
    where: `account ${account.id}, answers for ${id} and ${granted.user.id}`,
    fix: 'Run the job again; the account may have been renamed in this moment.',
  });
}

function accept<T>(
  schema: z.ZodType<T>,
  { status, body }: { status: number; body: unknown },
  request: string,
): T {
  const parsed = schema.safeParse(body);
  if (status === 200 && parsed.success) return parsed.data;
  throw refused({
    what: 'GitHub did not say what the account that caused this run may do',
    where: `${request}: status ${status}`,
    fix: 'Give this action a `token` that may read the repository.',
  });
}

function unknown(cause: string) {
  return refused({
    what: 'Nobody knows who caused this run',
    where: `${cause}: the event names no account, or one that is gone`,
    fix: 'Start it with an event that somebody with write permission causes.',
  });
}
