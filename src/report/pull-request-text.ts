/** Title and body of the pull request: what the agent said, cleaned, and what is known of its work. */
import type { ChangeRecord } from './change-record.ts';
import { code } from './guest-text.ts';
import { cleanMarkdown, cleanTitle } from './outgoing-text.ts';

export type RequestFacts = {
  readonly agent: string;
  readonly runId: string;
  /** The issue or pull request that started the run; 0: none did. */
  readonly number: number;
  /** Of the workflow's run; empty off GitHub. */
  readonly runUrl: string;
  /** The input; empty: it is made from the result. */
  readonly title: string;
  /** Without secrets. */
  readonly result: string;
  readonly change: Pick<ChangeRecord, 'verdict' | 'commits' | 'files' | 'findings'>;
};

export type RequestText = { readonly title: string; readonly body: string };

export function pullRequestText(facts: RequestFacts): RequestText {
  const { agent, number, result, change } = facts;
  const subject = change.commits.length === 1 ? (change.commits[0]?.subject ?? '') : '';
  const said = [result, subject].map((text) => text.trim()).find((text) => text !== '');
  const made = said === undefined ? '' : cleanTitle(said, number);
  return {
    title: facts.title || made || `Work of the agent ${agent}`,
    body: join([
      change.verdict === 'review' ? reviewNotice(change) : '',
      cleanMarkdown(result, number),
      '---',
      footer(facts),
    ]),
  };
}

function reviewNotice({ findings }: RequestFacts['change']): string {
  const rows = findings.slice(0, LONGEST_LIST).map(({ rule, path, detail }) => {
    return `| ${code(rule)} | ${path && code(path)} | ${code(detail)} |`;
  });
  return join([
    '> [!WARNING]\n> **A person has to review this before it is merged.** The checks found:',
    ['| Rule | Where | What |', '| --- | --- | --- |', ...rows].join('\n'),
  ]);
}

function join(parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join('\n\n');
}

function footer(facts: RequestFacts): string {
  const { agent, runId, runUrl, number, change } = facts;
  const run = runUrl === '' ? code(runId) : `[${runId}](${runUrl})`;
  const cause = number === 0 ? '' : ` · asked for in #${number}`;
  return join([
    `Made by the agent ${code(agent)} in a bottle, run ${run}${cause}.`,
    statOf(change),
  ]);
}

const LONGEST_LIST = 20;

/** The files with their lines, folded away. */
export function statOf({ files }: Pick<ChangeRecord, 'files'>): string {
  if (files.length === 0) return '';
  const sum = (of: 'added' | 'removed') => files.reduce((all, file) => all + (file[of] ?? 0), 0);
  const head = `${files.length} changed files, +${sum('added')} −${sum('removed')}`;
  const rows = files.slice(0, LONGEST_LIST).map(({ path, added, removed }) => {
    return `- ${code(path)} ${added === null ? '' : `+${added} −${removed}`}`;
  });
  const more = files.length - rows.length;
  const list = [...rows, ...(more > 0 ? [`- and ${more} more`] : [])].join('\n');
  return `<details><summary>${head}</summary>\n\n${list}\n\n</details>`;
}
