/** Time and cost on the page: the phases as a chart, what was used of each limit as bars. */
import { counted, duration, FIGURES, grouped, size } from './figure.ts';
import type { Bar, Section, Text } from './page.ts';
import type { RunRecord } from './record.ts';
import { usageBlocks } from './usage-block.ts';

/** One line of what a maintainer sees first. */
export function costGlance({ usage, limits, ...record }: RunRecord): Text {
  const { minutes } = limits;
  const tokens = FIGURES.tokens({ usage, limits, ...record });
  const model =
    usage.requests === 0
      ? 'no model was asked'
      : `${counted(tokens, 'token')} in ${counted(usage.requests, 'request')}`;
  const cost = limits.costUsd.used === null ? '' : `, $${limits.costUsd.used.toFixed(2)}`;
  return [
    `${model}${cost}; the agent ran ${grouped(minutes.used)} of ${grouped(minutes.limit)} minutes`,
  ];
}

export function phaseSection({ phases, durationMs }: RunRecord): Section {
  return {
    title: 'Phases',
    brief: `${duration(durationMs)} in ${counted(phases.length, 'phase')}`,
    urgent: false,
    blocks: phases.length === 0 ? [] : [{ kind: 'phases', phases }],
  };
}

export function limitSection(record: RunRecord): Section {
  return {
    title: 'Usage and limits',
    brief: fullest(barsOf(record)),
    urgent: record.outcome === 'limit-reached',
    blocks: [
      ...usageBlocks(record),
      { kind: 'bars', caption: 'What was used of each limit', bars: barsOf(record) },
    ],
  };
}

function barsOf({ limits, usage }: RunRecord): readonly Bar[] {
  const { minutes, idleMinutes, outputMib, turns, costUsd, tokens, requests, bytes } = limits;
  const reckoned = usage.reckoned > 0 ? `, ${grouped(usage.reckoned)} reckoned from bytes` : '';
  const idle = idleMinutes.limit === 0 ? 'no limit' : grouped(idleMinutes.limit);
  return [
    bar('Minutes of the agent', minutes, grouped),
    { label: 'Minutes of silence', used: '', allowed: idle, share: null },
    ...(turns.limit === null && turns.used === 0
      ? []
      : [bar('Turns of the agent', turns, grouped)]),
    bar(`Model tokens${reckoned}`, tokens, grouped),
    ...(costUsd.limit === null && costUsd.used === null
      ? []
      : [bar('US dollars', { ...costUsd, used: costUsd.used ?? 0 }, grouped)]),
    bar('Model requests', requests, grouped),
    bar('Bytes through the gateway', bytes, size),
    bar('MiB of outputs', outputMib, grouped),
  ];
}

type Used = { readonly used: number; readonly limit: number | null };

function bar(label: string, { used, limit }: Used, show: (amount: number) => string): Bar {
  const share = limit === null ? null : limit === 0 ? 1 : used / limit;
  return { label, used: show(used), allowed: limit === null ? 'no limit' : show(limit), share };
}

/** Names the limit that is nearest. */
function fullest(bars: readonly Bar[]): string {
  const [most] = bars
    .filter((one): one is Bar & { share: number } => one.share !== null)
    .sort((a, b) => b.share - a.share);
  if (most === undefined || most.share === 0) return '';
  return `${most.label.toLowerCase()} nearest, ${most.used} of ${most.allowed}`;
}
