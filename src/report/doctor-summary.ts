/** `mode: doctor`: what was probed on this runner, as a table of the step summary. */
import type { EngineName, Finding } from '../machine/machine.ts';
import { code } from './guest-text.ts';

const MARKS = { ok: 'ok', warn: '**warning**', fail: '**no**' } as const;

export function renderFindings(engine: EngineName, findings: readonly Finding[]): string {
  const failed = findings.some(({ level }) => level === 'fail');
  const warnings = findings.filter(({ level }) => level === 'warn').length;
  const count =
    warnings === 0 ? '' : `, with ${warnings} ${warnings === 1 ? 'warning' : 'warnings'}`;
  const sentence = failed
    ? `FAIL: this runner cannot boot a bottle with ${engine}`
    : `PASS: nothing here speaks against a bottle with ${engine}${count}`;
  return [
    `## ${sentence}`,
    '',
    '| result | probed | found | what to do |',
    '|---|---|---|---|',
    ...findings.map(({ level, probe, found, remedy }) => {
      return `| ${MARKS[level]} | ${cell(probe)} | ${code(found)} | ${cell(remedy)} |`;
    }),
    '',
    ...(failed ? [LABELS, ''] : []),
  ].join('\n');
}

/** A text of ours. */
function cell(text: string): string {
  return text.replace(/[|\n]/g, ' ');
}

const LABELS =
  'Labels that boot a microVM: `ubuntu-latest`, `ubuntu-24.04`, `ubuntu-22.04` and larger Linux x64 ' +
  'runners with `/dev/kvm` opened, and self-hosted bare-metal Apple Silicon. ' +
  'With `engine: bubblewrap`: any Linux runner that allows user namespaces.';
