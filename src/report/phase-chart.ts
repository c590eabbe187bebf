/** The phases of a run as a Mermaid gantt chart. */
import type { Phase } from './record.ts';

const MOST_PHASES = 40;

/** A fenced block that GitHub draws; empty when nothing ran. */
export function phaseChart(phases: readonly Phase[]): string {
  if (phases.length === 0) return '';
  return [
    '```mermaid',
    'gantt',
    'accTitle: The phases of the run',
    'dateFormat x',
    'axisFormat %M:%S',
    // The run is drawn at the start of the epoch, far from today.
    'todayMarker off',
    ...phases.slice(0, MOST_PHASES).map(bar),
    '```',
  ].join('\n');
}

function bar(phase: Phase, index: number): string {
  const start = Math.round(phase.startMs);
  const length = Math.round(phase.durationMs);
  // Mermaid reads `:`, `#` and `;` in a label, and a keyword at its start: hence the number.
  const name = phase.name.replace(/[^a-z0-9 -]/gi, ' ').slice(0, 40);
  return `${index + 1} ${name} ${length} ms :${phase.failed ? 'crit, ' : ''}${start}, ${length}ms`;
}
