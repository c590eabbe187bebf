/** Takes the guest's bundles into the repository: the files as they were left, and the commits. */
import { createReadStream, statSync } from 'node:fs';
import { takeBundle } from '../git-check/bundle.ts';
import type { CheckFinding, CheckRule } from '../git-check/finding.ts';
import type { HostPath } from '../host/host.ts';
import type { SentBundles } from '../outputs/outputs.ts';
import { blockedBy } from './proposal.ts';
import type { ProposalRepository } from './repository.ts';

export type Taken = {
  /** The tree with everything as the agent left it; empty: it did not come or was refused. */
  readonly tree: string;
  /** The last commit of the agent's own, which descends from the base; empty: there is none. */
  readonly head: string;
  /** Why something was refused. */
  readonly findings: readonly CheckFinding[];
  readonly notices: readonly string[];
};

const AS_ONE = 'so its work comes back as one commit';

export async function takeWork(
  repository: ProposalRepository,
  sent: SentBundles,
  base: string,
): Promise<Taken> {
  const work = await takeTip(repository, sent.work, '^{tree}');
  const commits = await takeTip(repository, sent.commits, '^{commit}');
  const findings = [...work.findings, ...commits.findings];
  const notices: string[] = [];
  if (work.findings.length > 0) {
    notices.push('The files as the agent left them were refused: only its commits come back');
  }
  if (commits.findings.length > 0) {
    notices.push(`The agent's commits were refused (${commits.findings[0]?.detail}), ${AS_ONE}`);
  }
  const isOnBase = commits.id !== '' && (await descends(repository, base, commits.id));
  if (commits.id !== '' && !isOnBase) {
    notices.push(`The agent left the history that it began with, ${AS_ONE}`);
  }
  const tree = work.id || (await treeOf(repository, commits.id));
  return { tree, head: isOnBase ? commits.id : '', findings, notices };
}

type Tip = { readonly id: string; readonly findings: readonly CheckFinding[] };

/** What the bundle's one ref stands for, down to `kind`; empty when there is none. */
async function takeTip(
  { git }: ProposalRepository,
  path: HostPath,
  kind: '^{tree}' | '^{commit}',
): Promise<Tip> {
  if (path === '') return { id: '', findings: [] };
  const limits = { maxBytes: statSync(path).size, maxRefs: MAX_REFS };
  const { refs, findings } = await takeBundle(git, createReadStream(path), limits);
  if (findings.length > 0) return { id: '', findings };
  const [ref, ...more] = refs;
  if (ref === undefined || more.length > 0) {
    return refused('ref-name', `The bundle has ${refs.length} refs, and not one`);
  }
  const { exitCode, stdout } = await git(['rev-parse', '--verify', `${ref.id}${kind}`]);
  if (exitCode !== 0) return refused('fsck', 'What the bundle is about is no commit');
  return { id: stdout.toString().trim(), findings };
}

/** Enough for the checks to say what is wrong with their names. */
const MAX_REFS = 100;

function refused(rule: CheckRule, detail: string): Tip {
  return { id: '', findings: [blockedBy(rule, detail)] };
}

async function treeOf({ run }: ProposalRepository, commit: string): Promise<string> {
  if (commit === '') return '';
  return (await run(['rev-parse', '--verify', `${commit}^{tree}`])).toString().trim();
}

async function descends(
  { git }: ProposalRepository,
  base: string,
  commit: string,
): Promise<boolean> {
  return (await git(['merge-base', '--is-ancestor', base, commit])).exitCode === 0;
}
