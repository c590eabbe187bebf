/** `mode: doctor`: what was probed on this runner, as a table of the step summary. */
import type { EngineName, Finding } from '../machine/machine.ts';
import { code } from './guest-text.ts';

export function renderFindings(engine: EngineName, findings: readonly Finding[]): string {
  const sentence = findings.every(({ ok }) => ok)
    ? `PASS: this runner can boot a bottle with ${engine}`
    : `FAIL: this runner cannot boot a bottle with ${engine}`;
  return [
    `## ${sentence}`,
    '',
    '| probed | found | what to do |',
    '|---|---|---|',
    ...findings.map(({ ok, probe, found, remedy }) => {
      return `| ${ok ? 'ok' : '**no**'}: ${probe} | ${code(found)} | ${remedy && code(remedy)} |`;
    }),
    '',
  ].join('\n');
}
