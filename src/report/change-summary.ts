/** The agent's change on the page: what became of it, its commits, its files, its patch. */
import type { ChangedFile, ChangeRecord } from './change-record.ts';
import { counted, FIGURES, grouped } from './figure.ts';
import { compareUrl } from './link.ts';
import {
  code,
  codeBlock,
  cut,
  fold,
  link,
  list,
  type Section,
  say,
  strong,
  type Text,
  table,
} from './page.ts';
import type { RunRecord } from './record.ts';

const LARGEST_PATCH = 96 * 1024;

/** Whether to use it, in a few words. */
const VERDICTS: Readonly<Record<ChangeRecord['verdict'], string>> = {
  none: '',
  clean: 'the checks found nothing against it',
  review: 'a person should look at it before it is used',
  blocked: 'blocked: it may not be pushed, and comes as a patch alone',
  refused: 'it could not be taken',
};

/** `2 files, +3 −1, 1 commit`. */
function diffStat(record: RunRecord): string {
  return [
    counted(FIGURES['files changed'](record), 'file'),
    `+${grouped(FIGURES['lines added'](record))} −${grouped(FIGURES['lines removed'](record))}`,
    counted(FIGURES.commits(record), 'commit'),
  ].join(', ');
}

/** One line of what a maintainer sees first. */
export function changeGlance(record: RunRecord): Text {
  const { verdict } = record.change;
  if (verdict === 'none') return ['nothing was changed'];
  if (verdict === 'refused') return [strong(VERDICTS.refused)];
  const url = compareUrl(record);
  const isWhole = record.outcome === 'success' || record.outcome === 'push-failed';
  const partial = isWhole ? '' : 'partial work: ';
  const stat = `${partial}${diffStat(record)}`;
  return [
    url === '' ? stat : link(stat, url),
    '; ',
    verdict === 'clean' ? VERDICTS.clean : strong(VERDICTS[verdict]),
  ];
}

/** `patch`: its beginning. */
export function changeSection(record: RunRecord, patch: string): Section {
  const { change } = record;
  const { verdict } = change;
  return {
    title: 'Change',
    brief: ['none', 'refused'].includes(verdict) ? VERDICTS[verdict] : diffStat(record),
    urgent: ['review', 'blocked', 'refused'].includes(verdict),
    blocks: [
      ...(['review', 'blocked', 'refused'].includes(verdict)
        ? [say(strong(`What the checks say: ${VERDICTS[verdict]}.`))]
        : []),
      ...(change.reason === '' ? [] : [say(code(change.reason))]),
      ...table(
        'What the checks found in the change',
        ['Finding', 'Where', 'What follows'],
        change.findings,
        finding,
      ),
      ...table('Changed files', ['File', 'Lines'], change.files, file),
      ...list(change.commits, ({ sha, subject }) => [code(sha.slice(0, 10)), ' ', code(subject)]),
      ...fold(
        'Patch',
        codeBlock(patch, {
          language: 'diff',
          largest: LARGEST_PATCH,
          rest: 'The whole of it is in changes.patch of the artifact.',
        }),
      ),
    ],
  };
}

function finding({ rule, action, path, line, detail }: ChangeRecord['findings'][number]): Text[] {
  const place = [cut(path), ...(line > 0 ? [line] : [])].filter((part) => part !== '').join(':');
  const follows = action === 'block' ? 'blocked' : 'needs a review';
  return [[code(rule), ' ', code(detail)], place === '' ? [] : [code(place)], [follows]];
}

function file({ path, added, removed }: ChangedFile): Text[] {
  const lines = added === null ? 'not counted' : `+${grouped(added)} −${grouped(removed ?? 0)}`;
  return [[code(path)], [lines]];
}
