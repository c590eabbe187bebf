/** Writes a page as one HTML file that asks for nothing: no script, no font, no picture from outside. */
import { createHash } from 'node:crypto';
import { percent } from './figure.ts';
import { visible } from './guest-text.ts';
import type { Bar, Block, Inline, Page, Section, Table, Text } from './page.ts';
import { PAGE_STYLE } from './page-style.ts';
import { phaseDrawing } from './phase-drawing.ts';

/** A file has more room than a step summary. */
const ROOM = 4;

/** Nothing is fetched and nothing runs; the one style is this one. */
const POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(PAGE_STYLE).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

export function pageHtml({ mark, sentence, lead, sections }: Page, title: string): string {
  const shown = sections.filter(({ blocks }) => blocks.length > 0);
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${POLICY}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="referrer" content="no-referrer">',
    '<meta name="robots" content="noindex">',
    '<meta name="color-scheme" content="light dark">',
    `<title>${escaped(`${mark}: ${title}`)}</title>`,
    `<style>${PAGE_STYLE}</style>`,
    '</head>',
    '<body>',
    `<header class="${mark.toLowerCase()}">`,
    `<h1><span class="mark">${mark}</span> ${escaped(sentence)}</h1>`,
    ...lead.slice(0, 1).map(block),
    '</header>',
    '<main>',
    ...lead.slice(1).map(block),
    ...shown.map(section),
    '</main>',
    '<footer><p>Made by bottle-action from <code>run.json</code>, which has all of it.</p></footer>',
    '</body>',
    '</html>',
    '',
  ].join('\n');
}

function section({ title, brief, urgent, blocks }: Section, index: number): string {
  return [
    `<section aria-labelledby="s${index}"${urgent ? ' class="urgent"' : ''}>`,
    `<h2 id="s${index}">${escaped(title)}</h2>`,
    brief === '' ? '' : `<p class="brief">${escaped(brief)}</p>`,
    ...blocks.map(block),
    '</section>',
  ].join('\n');
}

function block(part: Block): string {
  switch (part.kind) {
    case 'text':
      return `<p>${inline(part.text)}</p>`;
    case 'list': {
      const items = part.items.map((item) => `<li>${inline(item)}</li>`);
      return `<ul>\n${items.join('\n')}\n</ul>${rest(part.total - part.items.length)}`;
    }
    case 'table':
      return table(part);
    case 'code':
      return codeBlock(part);
    case 'phases':
      return phaseDrawing(part.phases);
    case 'bars':
      return bars(part.caption, part.bars);
    case 'fold':
      return [
        `<details><summary>${escaped(part.title)}</summary>`,
        ...part.blocks.map(block),
        '</details>',
      ].join('\n');
  }
}

/** The first column names the row. */
function table({ caption, columns, rows, total }: Table): string {
  const body = rows.map(([first = [], ...cells]) => {
    const data = cells.map((cell) => `<td>${inline(cell)}</td>`);
    return `<tr><th scope="row">${inline(first)}</th>${data.join('')}</tr>`;
  });
  return frame(caption, columns, body) + rest(total - rows.length);
}

function bars(caption: string, list: readonly Bar[]): string {
  const body = list.map(({ label, used, allowed, share }) => {
    const drawn = share === null ? '' : `${bar(share)} ${percent(share)}`;
    const cells = [used, allowed].map((cell) => `<td>${escaped(cell)}</td>`);
    return `<tr><th scope="row">${escaped(label)}</th>${cells.join('')}<td>${drawn}</td></tr>`;
  });
  return frame(caption, ['Limit', 'Used', 'Allowed', 'Share'], body);
}

/** It scrolls by itself on a narrow screen, also by keyboard. */
function frame(caption: string, columns: readonly string[], body: readonly string[]): string {
  const head = columns.map((column) => `<th scope="col">${escaped(column)}</th>`).join('');
  return [
    `<div class="wide" role="group" tabindex="0" aria-label="${escaped(caption)}">`,
    `<table><caption>${escaped(caption)}</caption>`,
    `<thead><tr>${head}</tr></thead>`,
    `<tbody>\n${body.join('\n')}\n</tbody></table></div>`,
  ].join('\n');
}

function bar(share: number): string {
  const width = Math.round(Math.min(1, share) * 1000) / 10;
  const level = share >= 1 ? ' full' : share >= 0.8 ? ' near' : '';
  return (
    '<svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">' +
    '<rect class="room" width="100" height="8"/>' +
    `<rect class="used${level}" width="${width}" height="8"/></svg>`
  );
}

type Code = Extract<Block, { kind: 'code' }>;

function codeBlock({ language, text, largest, rest: where }: Code): string {
  const room = largest * ROOM;
  const cut = text.length > room;
  const shown = visible(text.slice(0, room)).replace(/\n$/, '');
  const lines = language === 'diff' ? shown.split('\n').map(diffLine).join('\n') : escaped(shown);
  const note = cut ? `\n<p class="brief">Cut here. ${escaped(where)}</p>` : '';
  return `<pre class="${escaped(language)}" tabindex="0" role="group" aria-label="${escaped(LABELS[language] ?? 'Text')}"><code>${lines}</code></pre>${note}`;
}

const LABELS: Readonly<Record<string, string>> = { diff: 'Patch', yaml: 'Lines of YAML' };

function diffLine(line: string): string {
  const kind = /^(?:\+\+\+|---|diff |index |@@)/.test(line)
    ? 'head'
    : line.startsWith('+')
      ? 'add'
      : line.startsWith('-')
        ? 'del'
        : '';
  return kind === '' ? escaped(line) : `<span class="${kind}">${escaped(line)}</span>`;
}

function rest(more: number): string {
  return more > 0 ? `\n<p class="brief">and ${more} more, all in <code>run.json</code>.</p>` : '';
}

function inline(text: Text): string {
  return text.map(word).join('');
}

function word(part: Inline): string {
  if (typeof part === 'string') return escaped(part);
  switch (part.kind) {
    case 'code':
      return `<code>${escaped(oneLine(part.text))}</code>`;
    case 'strong':
      return `<strong>${escaped(part.text)}</strong>`;
    case 'link':
      return `<a href="${escaped(part.href)}" rel="noreferrer noopener">${escaped(part.text)}</a>`;
  }
}

const LONGEST_WORD = 400;

function oneLine(text: string): string {
  const line = visible(text.slice(0, LONGEST_WORD)).replace(/\n/g, '⏎').replace(/\t/g, ' ');
  if (line.trim() === '') return '(empty)';
  return text.length > LONGEST_WORD ? `${line}…` : line;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (char) => ENTITIES[char] ?? '');
}
