/** The tables of good and bad entries, each in all three carriers, against the loader and the published schema. */
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { manifestJsonSchema } from '../../scripts/docs-manifest.ts';
import { agentCases } from './case/agent.ts';
import { bottleCases } from './case/bottle.ts';
import type { EntryCase } from './case/case.ts';
import { egressCases } from './case/egress.ts';
import { environmentCases } from './case/environment.ts';
import { gitGateCases } from './case/git-gate.ts';
import { retiredCases } from './case/retired.ts';
import { problemsOf } from './problem.ts';

const tables = {
  environment: environmentCases,
  egress: egressCases,
  bottle: bottleCases,
  'git-gate': gitGateCases,
  agent: agentCases,
  retired: retiredCases,
};

const all = Object.values(tables).flat();

function expectProblems(actual: readonly string[], expected: readonly string[]): void {
  const shown = actual.map((text, index) => text.slice(0, expected[index]?.length));
  expect(shown).toEqual(expected);
}

function inDirectory({ kind, yaml }: EntryCase): Record<string, string> {
  const path = kind === 'bottle' ? 'bottles/dev.md' : 'agents/demo.md';
  const other = kind === 'bottle' ? 'agents/demo.md' : 'bottles/dev.md';
  return {
    [`.bot-bottle/${path}`]: `---\n${yaml}\n---\nText.\n`,
    [`.bot-bottle/${other}`]: '---\n---\n',
  };
}

/** The entry's first line becomes line 4, its columns move by 4. */
function inOneYamlFile({ kind, yaml }: EntryCase): Record<string, string> {
  const [own, other] =
    kind === 'bottle'
      ? ['bottles:\n  dev:', 'agents: {}']
      : ['agents:\n  demo:', 'bottles: {dev: {}}'];
  const indented = yaml.replace(/^/gm, '    ');
  return { 'bot-bottle.yml': `${other}\n${own}\n${indented}\n` };
}

function inOneJsonFile(entry: EntryCase): Record<string, string> {
  const text = JSON.stringify(asManifest(entry)).replace('"bottles"', '\n"bottles"');
  return { 'bot-bottle.json': text };
}

function asManifest({ kind, yaml }: EntryCase): unknown {
  const value: unknown = parse(yaml);
  return kind === 'bottle'
    ? { agents: {}, bottles: { dev: value } }
    : { bottles: { dev: {} }, agents: { demo: value } };
}

/** How a message of a Markdown file reads when the entry is a part of a larger file. */
function within(entry: EntryCase, message: string, lines: number): string {
  const prefix = entry.kind === 'bottle' ? 'bottles.dev' : 'agents.demo';
  return message
    .replace(
      /^(?!the file:|bottle: there|extends: there|egress\.presets\[\d+\]: there)/,
      `${prefix}.`,
    )
    .replace('the file:', `${prefix}:`)
    .replace(/on line (\d+)/, (_, line) => `on line ${Number(line) + lines}`);
}

test('the tables hold at least 150 cases', () => {
  expect(all.length).toBeGreaterThanOrEqual(150);
  expect(all.filter(({ wrong }) => wrong.length > 0).length).toBeGreaterThan(100);
});

for (const [area, cases] of Object.entries(tables)) {
  describe(area, () => {
    test.each(cases)('$kind: $name, in a directory', async (entry) => {
      const file = `.bot-bottle/${entry.kind === 'bottle' ? 'bottles/dev' : 'agents/demo'}.md`;
      const expected = entry.wrong.map((text) => `${file}:${text}`);
      expectProblems(await problemsOf(inDirectory(entry)), expected);
    });

    test.each(cases)('$kind: $name, in one YAML file', async (entry) => {
      const expected = entry.wrong.map((text) => {
        const [, line, column, message] = /^(\d+):(\d+) (.*)$/s.exec(text) ?? [];
        return `bot-bottle.yml:${Number(line) + 2}:${Number(column) + 4} ${within(entry, message ?? '', 2)}`;
      });
      expectProblems(await problemsOf(inOneYamlFile(entry)), expected);
    });

    test.each(cases)('$kind: $name, in one JSON file', async (entry) => {
      const lines = /on line \d+/g;
      const actual = (await problemsOf(inOneJsonFile(entry))).map((text) =>
        text.replace(/^\S+ /, '').replace(lines, 'on line'),
      );
      const expected = entry.wrong.map((text) =>
        within(entry, text.replace(/^\S+ /, ''), 0).replace(lines, 'on line'),
      );
      expectProblems(actual, expected);
    });
  });
}

describe('the published schema', () => {
  const accepts = new Ajv2020({ strict: true, strictRequired: false }).compile(
    manifestJsonSchema(),
  );

  test.each(all.filter(({ wrong }) => wrong.length === 0))('accepts $kind: $name', (entry) => {
    expect(accepts(asManifest(entry)), JSON.stringify(accepts.errors)).toBe(true);
  });

  test.each(all.filter(({ wrong }) => wrong.length > 0))('$kind: $name', (entry) => {
    expect(accepts(asManifest(entry))).toBe(entry.beyondSchema);
  });
});
