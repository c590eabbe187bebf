/** Takes a branch to a commit through the API: makes it, or moves it forward; never back. */
import { z } from 'zod';
import { ApiSilence } from '../github/client.ts';
import { refusedBranch } from './branch.ts';
import { messageOfAnswer, refusedBy } from './fault.ts';
import { type GitHub, segment } from './github.ts';

const WHAT = 'The branch was not written';
const ATTEMPTS = 3;

const reference = z.object({ object: z.object({ sha: z.string() }) });

/** `old`: empty where there is no such branch. */
export async function setBranch(
  github: GitHub,
  branch: string,
  { commit, old }: { readonly commit: string; readonly old: string },
): Promise<void> {
  const path = old === '' ? '/git/refs' : `/git/refs/${refSegment(branch)}`;
  const method = old === '' ? 'POST' : 'PATCH';
  const body =
    old === '' ? { ref: `refs/heads/${branch}`, sha: commit } : { sha: commit, force: false };
  for (let count = 1; ; count += 1) {
    try {
      const answer = await github.ask(method, path, { body, once: true });
      if (answer.status < 300) return;
      // An answer that was lost on the way leaves the branch written.
      if (answer.status === 422 && (await headOf(github, branch)) === commit) return;
      if (
        answer.status === 422 &&
        /already exists|fast.forward/i.test(messageOfAnswer(answer.body))
      )
        throw refusedBranch(branch, 'somebody else has written to it meanwhile');
      throw refusedBy(WHAT, `${method} ${github.pathOf(path)}`, answer);
    } catch (error) {
      if (!(error instanceof ApiSilence) || error.isLimit || count === ATTEMPTS) throw error;
      await github.rest(count);
      if ((await headOf(github, branch)) === commit) return;
    }
  }
}

async function headOf(github: GitHub, branch: string): Promise<string | undefined> {
  const path = `/git/ref/${refSegment(branch)}`;
  return (await github.find({ path, what: WHAT, answer: reference }))?.object.sha;
}

/** One segment, as GitHub's own clients write it. */
const refSegment = (branch: string) => segment(`heads/${branch}`);
