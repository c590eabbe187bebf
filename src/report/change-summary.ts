/** The agent's change in the summary: what became of it, its commits, its files, its patch. */
import type { ChangedFile, ChangeRecord } from './change-record.ts';
import { code, fenced } from './guest-text.ts';
import { join, limited, table } from './markdown.ts';

const SENTENCES: Readonly<Record<ChangeRecord['verdict'], string>> = {
  none: '',
  clean: '',
  review: 'A person should look at this change before it is used.',
  blocked: '**This change is blocked**: it may not be pushed, and comes as a patch alone.',
  refused: "**The agent's work could not be taken.**",
};

/** `patch`: its beginning, of which at most `largest` bytes are shown. */
export function renderChange(change: ChangeRecord, patch: string, largest: number): string {
  return join([
    SENTENCES[change.verdict],
    change.reason && code(change.reason),
    table(['Finding', 'Where', 'What follows'], change.findings, finding),
    limited(change.commits, ({ sha, subject }) => `- ${code(sha.slice(0, 10))} ${code(subject)}`),
    table(['File', 'Lines'], change.files, file),
    ...(patch === '' ? [] : showPatch(patch, largest)),
  ]);
}

function finding({ rule, action, path, line, detail }: ChangeRecord['findings'][number]): string {
  const place = [path, ...(line > 0 ? [line] : [])].filter((part) => part !== '').join(':');
  const follows = action === 'block' ? 'blocked' : 'needs a review';
  return `| ${code(rule)} ${code(detail)} | ${place && code(place)} | ${follows} |`;
}

function file({ path, added, removed }: ChangedFile): string {
  return `| ${code(path)} | ${added === null ? 'not counted' : `+${added} −${removed}`} |`;
}

function showPatch(patch: string, largest: number): string[] {
  const rest = 'The whole of it is in `changes.patch` of the artifact.';
  return ['<details><summary>Patch</summary>', fenced(patch, 'diff', largest, rest), '</details>'];
}
