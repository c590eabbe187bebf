/** One comment on the issue or pull request that started the run, kept up to date by every later run. */
import { z } from 'zod';
import { type ApiClient, ApiSilence, type ClientOptions, makeApiClient } from '../github/client.ts';
import type { Host } from '../host/host.ts';
import { pushFailed, refusedBy } from './fault.ts';
import { type GitHub, openGitHub } from './github.ts';
import { hiddenMark } from './mark.ts';
import type { Place } from './written.ts';

export type CommentRequest = {
  readonly place: Place;
  /** Of the issue or pull request. */
  readonly number: number;
  /** Runs of one agent in one workflow share a comment. */
  readonly agent: string;
  /** Cleaned Markdown. */
  readonly body: string;
};

const WHAT = 'The comment was not written';
const ATTEMPTS = 3;
const PAGE = 100;
const MAX_PAGES = 20;
const PATIENCE = { timeoutMs: 10_000, retryMs: 1000, longestPauseMs: 30_000 };

const comment = z.object({
  id: z.int(),
  html_url: z.string(),
  body: z.string().nullish(),
  user: z.object({ login: z.string() }).nullish(),
});
type Comment = z.output<typeof comment>;

/** The comment's address. Throws what kept it from being written. */
export async function keepComment(
  host: Pick<Host, 'env' | 'cancelled'>,
  { place, number, agent, body: text }: CommentRequest,
  options: ClientOptions = PATIENCE,
): Promise<string> {
  const api = makeApiClient(host, place.token, options);
  const github = openGitHub(api, place);
  const mark = hiddenMark('comment', place.workflow, agent);
  const body = { body: `${text}\n\n${mark}` };
  const login = await askLogin(api);
  for (let count = 1; ; count += 1) {
    const own = await findOwn(github, number, { login, mark });
    if (own !== undefined) return await update(github, own, body);
    try {
      const path = `/issues/${number}/comments`;
      const answer = await github.ask('POST', path, { body, once: true });
      const parsed = comment.safeParse(answer.body);
      if (answer.status === 201 && parsed.success) return parsed.data.html_url;
      throw refusedBy(WHAT, `POST ${github.pathOf(path)}`, answer);
    } catch (error) {
      // It may be there all the same: it is looked for before it is written once more.
      if (!(error instanceof ApiSilence) || error.isLimit || count === ATTEMPTS) throw error;
      await github.rest(count);
    }
  }
}

async function update(github: GitHub, { id }: Comment, body: object): Promise<string> {
  const path = `/issues/comments/${id}`;
  const call = { method: 'PATCH', path, what: WHAT, body, answer: comment } as const;
  return (await github.demand(call)).html_url;
}

const viewer = z.object({ data: z.object({ viewer: z.object({ login: z.string() }) }) });
const user = z.object({ login: z.string() });

/** Whose token it is: anybody can write our mark, and only what we wrote is ours to change. */
async function askLogin(api: ApiClient): Promise<string> {
  // `GET /user` knows no apps, and GraphQL lies beside the REST API, not below it.
  const body = { query: '{ viewer { login } }' };
  const asked = viewer.safeParse((await api.call('POST', '/../graphql', { body })).body);
  if (asked.success) return asked.data.data.viewer.login;
  const person = user.safeParse((await api.call('GET', '/user')).body);
  if (person.success) return person.data.login;
  throw pushFailed({
    what: 'GitHub does not say whose token it is, so our comment cannot be told from others',
    where: 'POST /graphql and GET /user',
    fix: 'Give the input `token` the default, or the token of an app or a person.',
  });
}

async function findOwn(
  github: GitHub,
  number: number,
  { login, mark }: { readonly login: string; readonly mark: string },
): Promise<Comment | undefined> {
  for (let page = 1; page <= MAX_PAGES; page += 1) {
    const path = `/issues/${number}/comments?per_page=${PAGE}&page=${page}`;
    const what = 'The comments could not be looked at';
    const answer = z.array(comment);
    const options = { maxBytes: 32 << 20 };
    const found = await github.demand({ method: 'GET', path, what, answer, ...options });
    const own = found.find(({ body, user: by }) => by?.login === login && body?.endsWith(mark));
    if (own !== undefined || found.length < PAGE) return own;
  }
  return undefined;
}
