/** The pull request of a branch: one for each base, opened once and complete, or brought up to date. */
import { z } from 'zod';
import { ApiSilence } from '../github/client.ts';
import { messageOfAnswer, refusedBy } from './fault.ts';
import { type GitHub, segment } from './github.ts';
import { hiddenMark } from './mark.ts';
import { type PullRequest, REVIEW_LABEL, type WriteBackRequest } from './written.ts';

const WHAT = 'The pull request was not opened';
const ATTEMPTS = 3;

const pullRequest = z.object({
  number: z.int(),
  html_url: z.string(),
  body: z.string().nullish(),
});
type Found = z.output<typeof pullRequest>;

export type Opened = { readonly pullRequest: PullRequest; readonly notices: readonly string[] };

/** `base`: the branch that it goes into. */
export async function openPullRequest(
  github: GitHub,
  request: WriteBackRequest,
  base: string,
): Promise<Opened> {
  const branch = request.push.branch.value;
  const mark = hiddenMark('pull-request', branch, request.place.workflow);
  const text = { title: request.title, body: `${request.body}\n\n${mark}` };
  const found = await findPullRequest(github, request, base);
  if (found !== undefined) {
    const isOurs = (found.body ?? '').includes(mark);
    if (isOurs) await update(github, found, text);
    return { pullRequest: shown(found, isOurs ? 'updated' : 'kept'), notices: [] };
  }
  const notices: string[] = [];
  const created = await create(github, request, { ...text, base }, notices);
  return { pullRequest: shown(created, 'created'), notices };
}

function shown({ number, html_url: url }: Found, state: PullRequest['state']): PullRequest {
  return { number, url, state };
}

async function findPullRequest(
  github: GitHub,
  { push, place }: WriteBackRequest,
  base: string,
): Promise<Found | undefined> {
  const [owner = ''] = place.repository.split('/');
  const head = segment(`${owner}:${push.branch.value}`);
  const found = await github.demand({
    method: 'GET',
    path: `/pulls?state=open&head=${head}&base=${segment(base)}`,
    what: 'The pull requests of the branch could not be looked at',
    answer: z.array(pullRequest),
  });
  return found[0];
}

async function update(github: GitHub, { number }: Found, body: object): Promise<void> {
  const [path, what] = [`/pulls/${number}`, 'The pull request was not brought up to date'];
  await github.demand({ method: 'PATCH', path, what, body, answer: pullRequest });
}

type Text = { readonly title: string; readonly body: string; readonly base: string };

/** With all that it says, in one request; asked again only where it is certain that there is none. */
async function create(
  github: GitHub,
  request: WriteBackRequest,
  text: Text,
  notices: string[],
): Promise<Found> {
  const { push, change } = request;
  let draft = push.draft.value || change.verdict === 'review';
  for (let count = 1; ; count += 1) {
    const body = { ...text, head: push.branch.value, draft, maintainer_can_modify: true };
    try {
      const answer = await github.ask('POST', '/pulls', { body, once: true });
      const parsed = pullRequest.safeParse(answer.body);
      if (answer.status === 201 && parsed.success) return parsed.data;
      const said = messageOfAnswer(answer.body);
      if (draft && answer.status === 422 && /draft/i.test(said)) {
        draft = false;
        notices.push('The pull request is no draft: this repository cannot have drafts');
        continue;
      }
      const known =
        /already exists/i.test(said) && (await findPullRequest(github, request, text.base));
      if (known) return known;
      throw refusedBy(WHAT, `POST ${github.pathOf('/pulls')}`, answer);
    } catch (error) {
      if (!(error instanceof ApiSilence) || error.isLimit || count >= ATTEMPTS) throw error;
      await github.rest(count);
      const known = await findPullRequest(github, request, text.base);
      if (known !== undefined) return known;
    }
  }
}

/** What makes it found and read: each that fails is named, and the pull request stays as it is. */
export async function dressPullRequest(
  github: GitHub,
  { push, change }: WriteBackRequest,
  { number }: PullRequest,
): Promise<readonly string[]> {
  const labels = [...push.labels.value, ...(change.verdict === 'review' ? [REVIEW_LABEL] : [])];
  const people = push.reviewers.value.filter((name) => !name.includes('/'));
  const teams = push.reviewers.value.flatMap((name) => name.split('/')[1] ?? []);
  const failed: string[] = [];
  async function add(what: string, path: string, body: object): Promise<void> {
    const answer = await github.ask('POST', path, { body });
    if (answer.status > 299) failed.push(`${what}: ${messageOfAnswer(answer.body)}`);
  }
  if (labels.length > 0) await add('The labels', `/issues/${number}/labels`, { labels });
  if (push.reviewers.value.length > 0) {
    const body = { reviewers: people, team_reviewers: teams };
    await add('The reviewers', `/pulls/${number}/requested_reviewers`, body);
  }
  return failed;
}
