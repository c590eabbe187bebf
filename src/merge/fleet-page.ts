/** The page about a fleet: one table by run, the totals, and what each of them answered. */
import { counted, duration, grouped } from '../report/figure.ts';
import {
  type Block,
  code,
  codeBlock,
  fold,
  link,
  list,
  type Page,
  say,
  strong,
  type Text,
  table,
} from '../report/page.ts';
import type { FleetRecord, FleetRun } from './fleet-record.ts';

/** Answers are for reading in the runs' own summaries; here is their beginning. */
const ANSWER = { largest: 1024, rest: 'The rest is in the summary of its run.' };
const MOST_ANSWERS = 50;

export function fleetPage(fleet: FleetRecord): Page {
  const { totals, broken, missing } = fleet;
  const well = totals.succeeded === totals.runs && broken.length + missing === 0;
  return {
    mark: well && totals.runs > 0 ? 'PASS' : 'FAIL',
    sentence: `${totals.succeeded} of ${counted(Math.max(totals.runs, fleet.expected), 'run')} succeeded`,
    lead: [
      say(totalsSentence(fleet)),
      ...lost(fleet),
      ...table('The runs of the fleet', COLUMNS, fleet.runs, row).map((part) => ({
        ...part,
        most: totals.runs,
      })),
    ],
    sections: [
      {
        title: 'Answers',
        brief: counted(fleet.runs.filter(({ answer }) => answer !== '').length, 'answer'),
        urgent: false,
        blocks: fleet.runs
          .filter(({ answer }) => answer !== '')
          .slice(0, MOST_ANSWERS)
          .flatMap(answerOf),
      },
    ],
  };
}

function totalsSentence({ totals }: FleetRecord): string {
  return [
    `${counted(totals.tokens, 'token')} in ${counted(totals.requests, 'request')}`,
    `${duration(totals.durationMs)} of runs`,
    `${counted(totals.files, 'file')} changed`,
    `${counted(totals.denied, 'denial')}`,
    `${counted(totals.secretsFound, 'secret')} found in what left`,
  ].join(' · ');
}

function lost({ broken, missing }: FleetRecord): Block[] {
  return [
    ...(missing === 0 ? [] : [say(strong(`${counted(missing, 'run')} left no record.`))]),
    ...(broken.length === 0
      ? []
      : [say(strong(`${counted(broken.length, 'record')} could not be used:`))]),
    ...list(broken, ({ source, problem }) => [code(source), ' ', code(problem)]),
  ];
}

const COLUMNS = ['Run', 'Outcome', 'Change', 'Tokens', 'Denied', 'Secrets', 'Took'];

function row(run: FleetRun): Text[] {
  const { outcome, secretsFound } = run;
  return [
    [code(run.runId), ...(run.url === '' ? [] : [' ', link('workflow run', run.url)])],
    outcome === 'success' ? [outcome] : [strong(outcome)],
    [changeText(run)],
    [grouped(run.tokens)],
    [grouped(run.denied)],
    secretsFound === 0 ? ['0'] : [strong(grouped(secretsFound))],
    [duration(run.durationMs)],
  ];
}

function changeText({ change }: FleetRun): string {
  const { verdict, files, added, removed } = change;
  if (verdict === 'none') return 'none';
  if (verdict === 'refused') return 'refused';
  const stat = `${counted(files, 'file')}, +${grouped(added)} −${grouped(removed)}`;
  return verdict === 'clean' ? stat : `${stat}, ${verdict}`;
}

function answerOf({ runId, answer }: FleetRun): Block[] {
  return fold(runId.slice(0, 80), codeBlock(answer, ANSWER));
}
