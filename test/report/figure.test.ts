/** Every figure of the summary is in the record, or follows from it by a rule that has a name. */
import { fromMarkdown } from 'mdast-util-from-markdown';
import { gfmFromMarkdown } from 'mdast-util-gfm';
import { gfm } from 'micromark-extension-gfm';
import { describe, expect, test } from 'vitest';
import { duration, FIGURES, grouped, percent, size } from '../../src/report/figure.ts';
import { makeRecord, type RunRecord } from '../../src/report/record.ts';
import { renderSummary } from '../../src/report/summary.ts';
import { SCENARIOS, SUCCESS } from './scenario.ts';

type Node = { type: string; value?: string; lang?: string; children?: Node[] };

/** Our own words: what stands outside of code, and the chart. */
function ownWords(node: Node): string[] {
  if (node.type === 'inlineCode') return [];
  if (node.type === 'code') return node.lang === 'mermaid' ? [node.value ?? ''] : [];
  return [
    ...(node.value === undefined ? [] : [node.value]),
    ...(node.children ?? []).flatMap(ownWords),
  ];
}

function spans(node: Node): string[] {
  if (node.type === 'inlineCode') return [node.value ?? ''];
  return (node.children ?? []).flatMap(spans);
}

function parse(markdown: string): Node {
  const options = { extensions: [gfm()], mdastExtensions: [gfmFromMarkdown()] };
  return fromMarkdown(markdown, options) as Node;
}

/** `SHA-256` is a name. */
const numbersIn = (text: string) => text.replaceAll('SHA-256', '').match(/\d[\d,.]*\d|\d/g) ?? [];

function leaves(value: unknown): (string | number)[] {
  if (typeof value === 'number' || typeof value === 'string') return [value];
  return value === null || typeof value !== 'object' ? [] : Object.values(value).flatMap(leaves);
}

/** Each rule by its name, and what it gives for a record. */
const RULES: Readonly<Record<string, (record: RunRecord) => readonly string[]>> = {
  'a number of the record, as it is, grouped, as money, a size or a time': (record) =>
    leaves(record).flatMap((leaf) => (typeof leaf === 'number' ? formsOf(leaf) : [])),
  'digits of a text of the record': (record) =>
    leaves(record).flatMap((leaf) => (typeof leaf === 'string' ? [leaf] : [])),
  ...Object.fromEntries(
    Object.entries(FIGURES).map(([name, figure]) => [
      name,
      (record: RunRecord) => formsOf(figure(record)),
    ]),
  ),
  'the share of a limit that was used': ({ limits }) =>
    Object.values(limits).flatMap((limit) =>
      'used' in limit && limit.used !== null && limit.limit
        ? [percent(limit.used / limit.limit)]
        : [],
    ),
  'the place of a phase in the chart': ({ phases }) => phases.map((_, at) => String(at + 1)),
  'the beginning of a commit in a link': ({ origin }) => [origin.manifest.ref.slice(0, 10)],
};

function formsOf(number: number): string[] {
  return [
    String(number),
    String(Math.round(number)),
    grouped(number),
    number.toFixed(2),
    size(number),
    duration(number),
  ];
}

/** No two numbers are the same, so that none is right by chance. */
function withDistinctNumbers(record: RunRecord): RunRecord {
  let next = 1009;
  const fresh = () => {
    next += 1013;
    return next;
  };
  const keep = ['version', 'failed'];
  const change = (value: unknown, key = ''): unknown => {
    if (typeof value === 'number') return keep.includes(key) ? value : fresh();
    if (value === null || typeof value !== 'object') return value;
    if (Array.isArray(value)) return value.map((part) => change(part));
    return Object.fromEntries(
      Object.entries(value).map(([name, part]) => [name, change(part, name)]),
    );
  };
  return change(record) as RunRecord;
}

function unknownNumbers(summary: string, record: RunRecord): string[] {
  const known = new Set(Object.values(RULES).flatMap((rule) => rule(record).flatMap(numbersIn)));
  return ownWords(parse(summary))
    .flatMap(numbersIn)
    .filter((number) => !known.has(number));
}

describe('the figures of the summary', () => {
  test.each(Object.entries(SCENARIOS))('after %s are all in the record', (_, facts) => {
    const record = makeRecord(facts);
    for (const one of [record, withDistinctNumbers(record)]) {
      expect(unknownNumbers(renderSummary(one, { patch: '' }), one)).toEqual([]);
    }
  });

  test('would be missed if the record did not have them', () => {
    const record = withDistinctNumbers(makeRecord(SUCCESS));
    const summary = renderSummary(record, { patch: '' });
    expect(unknownNumbers(`${summary}\n\n987,654 tokens`, record)).toEqual(['987,654']);
    const other = { ...record, usage: { ...record.usage, requests: 1 } };
    expect(unknownNumbers(summary, other).length).toBeGreaterThan(0);
  });

  test('and its code spans quote the record', () => {
    const record = makeRecord(SUCCESS);
    const texts = leaves(record).map(String);
    const quoted = spans(parse(renderSummary(record, { patch: '' }))).filter(
      (span) => !/^[█░]+$/.test(span) && !OWN.includes(span),
    );
    const built = record.egress.denials
      .concat(record.egress.failures)
      .map(({ method, host, port, path }) => `${method} ${host}${port ? `:${port}` : ''}${path}`);
    const found = record.egress.findings.map(({ detector, label }) => `${detector}: ${label}`);
    const known = [...texts, ...built, ...found];
    expect(quoted.filter((span) => !known.some((text) => text.includes(span)))).toEqual([]);
  });
});

/** Names of files that the page tells of. */
const OWN = ['egress.jsonl', '/usr', 'run.json'];
