/** Every provider reads how its program spoke and ended: what it did, what it used, how it went. */
import { describe, expect, test } from 'vitest';
import { type Reading, readingSchema } from '../../src/agent/event.ts';
import { findProvider, type Provider } from '../../src/agent/provider.ts';
import { codexTable } from './vendor/codex.ts';
import { geminiTable } from './vendor/gemini.ts';
import { opencodeTable } from './vendor/opencode.ts';
import { SCENARIOS, type VendorCase, type VendorTable } from './vendor/scenario.ts';

const TABLES: readonly (readonly [Provider['template'], VendorTable])[] = [
  ['codex', codexTable],
  ['gemini', geminiTable],
  ['opencode', opencodeTable],
];

function readAll(template: Provider['template'], { lines, stderr = '', exitCode }: VendorCase) {
  const reader = findProvider(template).reader();
  const text = (line: object | string) => (typeof line === 'string' ? line : JSON.stringify(line));
  const read = (line: string): readonly Reading[] =>
    reader.line(line) ?? [{ type: 'text', text: line }];
  return [...lines.flatMap((line) => read(text(line))), ...reader.end({ exitCode, stderr })];
}

function sumUp(readings: readonly Reading[]) {
  const tools: Record<string, number> = {};
  const tokens: [number, number, number, number] = [0, 0, 0, 0];
  for (const one of readings) {
    if (one.type === 'tool-call') tools[one.name] = (tools[one.name] ?? 0) + 1;
    if (one.type !== 'usage') continue;
    for (const [at, count] of [one.input, one.output, one.cacheRead, one.cacheWrite].entries()) {
      tokens[at] = (tokens[at] ?? 0) + count;
    }
  }
  const finished = readings.findLast((one) => one.type === 'finished');
  return {
    tools,
    tokens,
    turns: readings.filter(({ type }) => type === 'turn').length,
    result: finished?.result,
    ok: finished?.ok,
  };
}

/** Those in which its program can end; the table says why it cannot in the others. */
function casesOf({ scenarios }: VendorTable) {
  return SCENARIOS.flatMap((name) => {
    const scenario = scenarios[name];
    return typeof scenario === 'string' ? [] : [{ name, scenario }];
  });
}

describe.each(TABLES)('%s', (template, table) => {
  test('is seen in most scenarios', () => {
    expect(casesOf(table).length).toBeGreaterThanOrEqual(16);
  });

  test.each(casesOf(table))('$name', ({ scenario }) => {
    const readings = readAll(template, scenario);
    for (const reading of readings) expect(() => readingSchema.parse(reading)).not.toThrow();
    const { reason, ...expected } = scenario.expected;
    expect(sumUp(readings)).toMatchObject(expected);
    if (reason === undefined) expect(sumUp(readings).ok).toBe(true);
    if (scenario.lines.length > 0) {
      const { session } = table;
      expect(readings).toContainEqual(expect.objectContaining({ type: 'started', session }));
    }
  });
});
