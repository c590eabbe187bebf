/** The phases of a run as a drawing of our own, and the same as a table for who cannot see it. */
import { duration } from './figure.ts';
import type { Phase } from './record.ts';

const MOST_PHASES = 40;
/** In units of the drawing, which scales to the width that there is. */
const ROW = 26;
const NAMES = 120;
const BARS = 480;
const TIMES = 100;
const LEAST_WIDTH = 2;

/** SVG and a folded table. */
export function phaseDrawing(phases: readonly Phase[]): string {
  const shown = phases.slice(0, MOST_PHASES);
  const end = Math.max(1, ...shown.map(({ startMs, durationMs }) => startMs + durationMs));
  const height = shown.length * ROW + 4;
  return [
    `<svg class="phases" viewBox="0 0 ${NAMES + BARS + TIMES} ${height}" role="img" aria-labelledby="pt pd">`,
    '<title id="pt">The phases of the run</title>',
    `<desc id="pd">${shown.map(sentence).join(', ')}</desc>`,
    ...shown.map((phase, index) => row(phase, index, BARS / end)),
    '</svg>',
    '<details><summary>The phases as a table</summary>',
    '<div class="wide" role="group" tabindex="0" aria-label="Phases">',
    '<table><caption>Phases</caption>',
    '<thead><tr><th scope="col">Phase</th><th scope="col">Began after</th><th scope="col">Took</th><th scope="col">End</th></tr></thead>',
    `<tbody>\n${shown.map(tableRow).join('\n')}\n</tbody></table></div>`,
    '</details>',
  ].join('\n');
}

function row(phase: Phase, index: number, scale: number): string {
  const y = index * ROW;
  const x = NAMES + phase.startMs * scale;
  const width = Math.max(LEAST_WIDTH, phase.durationMs * scale);
  const after = Math.min(x + width + 6, NAMES + BARS + 6);
  return [
    `<text class="name" x="${NAMES - 8}" y="${y + 18}" text-anchor="end">${nameOf(phase)}</text>`,
    `<rect class="track" x="${NAMES}" y="${y + 4}" width="${BARS}" height="18"/>`,
    `<rect class="${phase.failed ? 'failed' : 'ran'}" x="${rounded(x)}" y="${y + 4}" width="${rounded(width)}" height="18" rx="2"/>`,
    `<text x="${rounded(after)}" y="${y + 18}">${duration(phase.durationMs)}${phase.failed ? ' ✗' : ''}</text>`,
  ].join('');
}

function tableRow(phase: Phase): string {
  const { startMs, durationMs, failed } = phase;
  return `<tr><th scope="row">${nameOf(phase)}</th><td>${duration(startMs)}</td><td>${duration(durationMs)}</td><td>${failed ? 'failed' : 'well'}</td></tr>`;
}

function sentence(phase: Phase): string {
  return `${nameOf(phase)} ${duration(phase.durationMs)}${phase.failed ? ', failed' : ''}`;
}

function nameOf({ name }: Phase): string {
  return name.replace(/[^a-z0-9 -]/gi, ' ').slice(0, 40);
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}
