/** All hostile cases as the agent's commits, and as what it left: nothing runs, and the work is named. */
import { dirname, join } from 'node:path';
import type { CheckFinding } from '../../src/git-check/finding.ts';
import { makeProposal } from '../../src/proposal/make-proposal.ts';
import { judgeAll } from '../hostile-git/judge-all.ts';
import type { Delivery, Judge } from '../hostile-git/world.ts';
import { localHost } from '../provision/local.ts';

const judge: Judge = async (delivery) => {
  const proposal = await propose(delivery);
  if (proposal.kind === 'none') return [];
  const rewritten = proposal.notices.some((notice) =>
    notice.startsWith('The agent left the history'),
  );
  return rewritten ? [...proposal.findings, ANCESTRY] : proposal.findings;
};

const ANCESTRY: CheckFinding = {
  ...{ rule: 'ancestry', action: 'block', commit: '', path: '', line: 0, detail: '' },
};

function propose({ bundle, base, objects, policy, scratch }: Delivery) {
  return makeProposal(localHost({}), {
    sent: { work: '', commits: bundle, unchanged: false },
    base: {
      commit: base,
      tree: `${base}^{tree}`,
      repository: dirname(objects),
      withheld: new Set(),
    },
    author: { name: '', email: '' },
    message: 'Work',
    policy,
    scratch,
    directory: join(scratch, 'artifact'),
    signal: new AbortController().signal,
  });
}

judgeAll(judge);
