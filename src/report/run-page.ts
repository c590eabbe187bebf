/** The page about a run: what a maintainer should know in ten seconds, then the rest. */
import type { BottleError, Outcome, Problem } from '../errors.ts';
import { type ArtifactPlace, artifactGlance, artifactSection } from './artifact-summary.ts';
import { bottleGlance, bottleSection, secretGlance } from './bottle-section.ts';
import { changeGlance, changeSection } from './change-summary.ts';
import { reachGlance, reachSection } from './egress-summary.ts';
import { counted, duration, FIGURES, size } from './figure.ts';
import { runUrl } from './link.ts';
import {
  type Block,
  code,
  codeBlock,
  cut,
  fold,
  link,
  list,
  type Page,
  type Section,
  say,
  type Text,
  table,
} from './page.ts';
import { costGlance, limitSection, phaseSection } from './phase-section.ts';
import type { RunRecord } from './record.ts';
import { writeBackGlance, writeBackSection } from './write-back-section.ts';

/** What is known beside the record when the page is written. */
export type PageExtras = {
  /** The beginning of the patch, without secrets. */
  readonly patch: string;
  readonly artifacts?: readonly ArtifactPlace[];
  /** Of `provenance.intoto.json` beside the record. */
  readonly provenance?: 'signed' | 'unsigned';
};

const LARGEST = { result: 16 * 1024, failure: 4 * 1024 };
/** A result that is longer is shown by its beginning, and folded as a whole. */
const SCREEN = { characters: 1200, lines: 15 };
const OPEN_NOTICES = 5;

const HEADLINES: Readonly<Record<Outcome, readonly [mark: Page['mark'], sentence: string]>> = {
  success: ['PASS', 'The agent finished its task'],
  'agent-failed': ['FAIL', 'The agent did not finish its task'],
  'timed-out': ['STOP', 'The agent ran out of time'],
  idle: ['STOP', 'The agent fell silent'],
  'limit-reached': ['STOP', 'The agent reached a limit'],
  cancelled: ['STOP', 'The run was cancelled'],
  'isolation-failed': ['FAIL', 'The bottle could not prove its walls'],
  'image-failed': ['FAIL', 'There was no usable image'],
  'boot-failed': ['FAIL', 'The machine did not start'],
  'provision-failed': ['FAIL', 'The bottle could not be provisioned'],
  'gateway-failed': ['FAIL', 'The gateway failed'],
  'push-failed': ['FAIL', 'The change was not written back'],
  'config-invalid': ['FAIL', 'The configuration is not valid'],
  untrusted: ['FAIL', 'The event is not trusted to run an agent'],
  'internal-error': ['FAIL', 'The action itself failed'],
};

/** Both arguments have had their secrets removed. */
export function makeRunPage(record: RunRecord, extras: PageExtras): Page {
  const [mark, sentence] = HEADLINES[record.outcome];
  return {
    mark,
    sentence,
    lead: [
      say(...facts(record)),
      ...(record.outcome === 'success' ? [] : failure({ ...record, what: record.reason })),
      ...glance(record, extras),
      ...result(record.result),
      ...notices(record.notices),
    ],
    sections: [
      changeSection(record, extras.patch),
      writeBackSection(record.writeBack),
      reachSection(record.egress),
      limitSection(record),
      phaseSection(record),
      outputSection(record),
      artifactSection(extras.artifacts ?? []),
      bottleSection(record),
    ],
  };
}

/** The page of a run that ended before it had a plan. */
export function makeEarlyPage(error: BottleError): Page {
  const [mark, sentence] = HEADLINES[error.outcome];
  const lead = [say('Nothing was started, and nothing was created.'), ...failure(error)];
  return { mark, sentence, lead, sections: [] };
}

function facts(record: RunRecord): Text {
  const url = runUrl(record);
  const { runId } = record.origin.workflow;
  return [
    'Agent ',
    code(record.agent.name),
    ' · outcome ',
    code(record.outcome),
    ...(record.failureReason === null ? [] : [', reason ', code(record.failureReason)]),
    ...(record.exitCode === null ? [] : [` · exit code ${record.exitCode}`]),
    ` · ${duration(record.durationMs)} · run `,
    code(record.runId),
    ...(url === '' ? [] : [' of ', link(`workflow run ${runId}`, url)]),
  ];
}

type Failure = {
  readonly what: string;
  readonly where: string;
  readonly fix: string;
  readonly problems: readonly Problem[];
};

function failure({ what, where, fix, problems }: Failure): Block[] {
  const text = `What:  ${what}\nWhere: ${where}\nFix:   ${fix}`;
  return [
    ...codeBlock(text, { largest: LARGEST.failure }),
    ...list(problems, (problem) => [code(place(problem)), ' ', code(problem.message)]),
  ];
}

function place({ file, line, column }: Problem): string {
  return [cut(file ?? 'configuration'), line, column]
    .filter((part) => part !== undefined)
    .join(':');
}

function glance(record: RunRecord, extras: PageExtras): Block[] {
  const rows: readonly (readonly [string, Text])[] = [
    ['Change', changeGlance(record)],
    ...writeBackGlance(record.writeBack).map((text) => ['Written back', text] as const),
    ['Cost', costGlance(record)],
    ['Reach', reachGlance(record.egress)],
    ['Walls', bottleGlance(record)],
    ['Secrets', secretGlance(record)],
    ['Evidence', evidence(extras)],
  ];
  return table('The run at a glance', ['What', 'How it stands'], rows, ([what, how]) => [
    [what],
    how,
  ]);
}

/** Where to find all of it. */
function evidence({ artifacts = [], provenance }: PageExtras): Text {
  const signed = provenance === undefined ? '' : `; provenance ${provenance}`;
  return [...artifactGlance(artifacts), signed];
}

function result(text: string): Block[] {
  if (text === '') return [];
  const options = {
    largest: LARGEST.result,
    rest: 'The whole of it is in result.md of the artifact.',
  };
  const start = text.slice(0, SCREEN.characters).split('\n').slice(0, SCREEN.lines).join('\n');
  const title = say({ kind: 'strong', text: "The agent's answer" });
  if (start.length >= text.trimEnd().length) return [title, ...codeBlock(text, options)];
  return [title, ...codeBlock(`${start}…`), ...fold('All of the answer', codeBlock(text, options))];
}

function notices(all: readonly string[]): Block[] {
  const item = (notice: string): Text => ['Notice: ', code(notice)];
  const rest = all.slice(OPEN_NOTICES);
  return [
    ...list(all.slice(0, OPEN_NOTICES), item),
    ...fold(counted(rest.length, 'more notice'), list(rest, item)),
  ];
}

function outputSection(record: RunRecord): Section {
  const { files, refused } = record.outputs;
  const left =
    refused.length === 0 ? '' : `, ${counted(refused.length, 'entry', 'entries')} refused`;
  const bytes = FIGURES['bytes of outputs'](record);
  return {
    title: 'Outputs',
    brief: `${counted(files.length, 'file')}, ${size(bytes)}${left}`,
    urgent: false,
    blocks: [
      ...table('Collected files', ['File', 'Size', 'SHA-256'], files, (file) => [
        [code(file.path)],
        [size(file.size)],
        [code(file.sha256.slice(0, 12))],
      ]),
      ...table('What was left behind', ['Entry', 'Why it was left behind'], refused, (entry) => [
        [code(entry.path)],
        [code(entry.reason)],
      ]),
    ],
  };
}
