/** Writes a page in GitHub's Markdown. */
import { percent } from './figure.ts';
import { code, fenced } from './guest-text.ts';
import type { Bar, Block, Inline, Page, Section, Table, Text } from './page.ts';
import { phaseChart } from './phase-chart.ts';

const LONGEST_LIST = 50;

export function pageMarkdown({ mark, sentence, lead, sections }: Page): string {
  const shown = sections.filter(({ blocks }) => blocks.length > 0);
  return join([
    `## ${mark}: ${plain(sentence)}`,
    ...lead.map(block),
    ...(shown.length > 0 ? ['### Details', ...shown.map(section)] : []),
  ]);
}

function section({ title, brief, urgent, blocks }: Section): string {
  const summary = `<b>${title}</b>${brief === '' ? '' : `: ${html(brief)}`}`;
  return folded(summary, urgent, blocks);
}

function folded(summary: string, open: boolean, blocks: readonly Block[]): string {
  const head = `<details${open ? ' open' : ''}><summary>${summary}</summary>`;
  return join([head, ...blocks.map(block), '</details>']);
}

function block(part: Block): string {
  switch (part.kind) {
    case 'text':
      return inline(part.text);
    case 'list':
      return limited(
        part.items.map((item) => `- ${inline(item)}`),
        part.total,
      );
    case 'table':
      return table(part);
    case 'code':
      return fenced(part.text, part.language, part.largest, plain(part.rest));
    case 'phases':
      return phaseChart(part.phases);
    case 'bars':
      return bars(part.bars);
    case 'fold':
      return folded(html(part.title), false, part.blocks);
  }
}

function table({ columns, rows, total, most }: Table): string {
  const head = `| ${columns.map(plain).join(' | ')} |\n|${' --- |'.repeat(columns.length)}`;
  const lines = rows.map((cells) => `| ${cells.map(inline).join(' | ')} |`);
  return `${head}\n${limited(lines, total, most)}`;
}

/** The first rows, and a line that says how many more there are. */
function limited(lines: readonly string[], total: number, most = LONGEST_LIST): string {
  const shown = lines.slice(0, most);
  const more = total - shown.length;
  const rest = `and ${more} more, all in \`run.json\` of the artifact.`;
  return more > 0 ? `${shown.join('\n')}\n\n${rest}` : shown.join('\n');
}

const BAR_CELLS = 20;

function bars(list: readonly Bar[]): string {
  return [
    '| Limit | Used | Allowed | Share |',
    '| --- | --- | --- | --- |',
    ...list.map(({ label, used, allowed, share }) => {
      const drawn = share === null ? '' : `\`${drawBar(share)}\` ${percent(share)}`;
      return `| ${plain(label)} | ${plain(used)} | ${plain(allowed)} | ${drawn} |`;
    }),
  ].join('\n');
}

function drawBar(share: number): string {
  const filled = Math.min(BAR_CELLS, Math.round(share * BAR_CELLS));
  return '█'.repeat(filled) + '░'.repeat(BAR_CELLS - filled);
}

function inline(text: Text): string {
  return text.map(word).join('');
}

function word(part: Inline): string {
  if (typeof part === 'string') return plain(part);
  switch (part.kind) {
    case 'code':
      return code(part.text);
    case 'strong':
      return `**${plain(part.text)}**`;
    case 'link':
      return `[${plain(part.text)}](<${part.href.replace(/[<>\\\s]/g, encodeURIComponent)}>)`;
  }
}

/** Words of ours are words, whatever stands in them. */
function plain(text: string): string {
  return text.replace(/[\\`*_{}[\]<>#|~$]/g, '\\$&').replace(/&/g, '&amp;');
}

function html(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
}

function join(parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join('\n\n');
}
