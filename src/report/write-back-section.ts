/** The branch and the pull request on the page: where they are, or why there are none. */
import { type Block, code, link, type Section, say, strong, type Text } from './page.ts';
import type { WriteBackRecord } from './write-back-record.ts';

const STATES = { created: 'opened', updated: 'brought up to date', kept: 'is there already' };

/** One line of what a maintainer sees first; none where nobody asked for anything. */
export function writeBackGlance(written: WriteBackRecord): readonly Text[] {
  const { mode, state, reason, branch } = written;
  if (mode === 'none' || state === 'none') return [];
  if (state === 'nothing') return [['there was nothing to write back']];
  if (state === 'held-back') return [['held back: ', code(reason)]];
  const where: Text = requestOf(written) ?? (branch === '' ? [] : ['branch ', code(branch)]);
  if (state !== 'failed') return [where];
  return [[strong('failed'), ': ', code(reason), ...(where.length > 0 ? ['; ', ...where] : [])]];
}

export function writeBackSection(written: WriteBackRecord): Section {
  const { state, branch, commit, by, comment } = written;
  const request = requestOf(written);
  const signed = by === 'git-push' ? ', by git push, so GitHub does not sign it' : '';
  const now: Text = state === 'unchanged' ? [' had the change already'] : [' is at ', code(commit)];
  const blocks: Block[] = [
    ...(branch === '' ? [] : [say('Branch ', code(branch), ...now, signed)]),
    ...(request === undefined ? [] : [say(...request)]),
    ...(isAddress(comment) ? [say(link('The comment', comment))] : []),
  ];
  return {
    title: 'Written back',
    brief: state === 'failed' ? 'not as it was asked for' : branch || 'a comment',
    urgent: state === 'failed',
    blocks,
  };
}

function requestOf({ pullRequest }: WriteBackRecord): Text | undefined {
  if (pullRequest === null) return undefined;
  const { number, url, state } = pullRequest;
  const name = `#${number}`;
  return ['pull request ', isAddress(url) ? link(name, url) : name, ` ${STATES[state]}`];
}

/** GitHub's own word, and yet: it becomes a link. */
function isAddress(url: string): boolean {
  return /^https?:\/\/[\w.:-]+\/[\w./-]+(?:#[\w-]+)?$/.test(url);
}
