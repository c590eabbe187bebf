import fc from 'fast-check';
import { fromMarkdown } from 'mdast-util-from-markdown';
import { gfmFromMarkdown } from 'mdast-util-gfm';
import { gfm } from 'micromark-extension-gfm';
import { describe, expect, test } from 'vitest';
import { BottleError } from '../../src/errors.ts';
import { renderFindings } from '../../src/report/doctor-summary.ts';
import { visible } from '../../src/report/guest-text.ts';
import { renderPlan } from '../../src/report/plan-summary.ts';
import { makeRecord, type RunRecord } from '../../src/report/record.ts';
import { renderEarlySummary, renderSummary } from '../../src/report/summary.ts';
import { EXTRAS, PLAN, SCENARIOS, SUCCESS } from './scenario.ts';

type Node = { type: string; value?: string; depth?: number; children?: Node[] };

function parse(markdown: string): Node {
  return fromMarkdown(markdown, {
    extensions: [gfm()],
    mdastExtensions: [gfmFromMarkdown()],
  }) as Node;
}

/** All that a reader of the page could take for ours: everything but the content of code. */
function skeleton(node: Node): unknown {
  const isCode = node.type === 'code' || node.type === 'inlineCode';
  const { type, depth } = node;
  return [type, depth, isCode ? '' : node.value, node.children?.map(skeleton)];
}

function nodes(node: Node): Node[] {
  return [node, ...(node.children ?? []).flatMap(nodes)];
}

/** Modes that run no agent. */
const ANSWERS: Readonly<Record<string, string>> = {
  plan: renderPlan(PLAN),
  doctor: renderFindings('smolvm', [
    { level: 'ok', probe: 'platform', found: 'linux, x64', remedy: '' },
    { level: 'warn', probe: 'memory', found: '3 GiB | free', remedy: 'Give the bottle less.' },
    { level: 'fail', probe: 'hypervisor', found: 'no /dev/kvm', remedy: 'Use another runner.' },
  ]),
};

const EARLY = new BottleError({
  outcome: 'config-invalid',
  what: 'The manifest has 2 problems.',
  where: '.bot-bottle at 1234567',
  fix: 'Change the keys that are named below.',
  problems: [
    {
      message: 'unknown key `imgae`; did you mean image?',
      file: 'bottles/dev.md',
      line: 3,
      column: 1,
    },
    { message: 'the agent hello names no bottle' },
  ],
});

const UNTRUSTED = new BottleError({
  outcome: 'untrusted',
  what: 'mallory may not start an agent here.',
  where: 'event issue_comment, actor mallory',
  fix: 'Ask someone with write permission, or name them in allowed-actors.',
});

describe('the summary', () => {
  test.each(Object.entries(SCENARIOS))('of %s reads as it did', async (name, facts) => {
    const summary = renderSummary(makeRecord(facts), { ...EXTRAS, patch: facts.patchText ?? '' });
    await expect(`${summary}\n`).toMatchFileSnapshot(`summary/${name}.md`);
  });

  test.each(Object.entries(ANSWERS))('of mode %s reads as it did', async (name, markdown) => {
    await expect(`${markdown}\n`).toMatchFileSnapshot(`summary/${name}.md`);
  });

  test.each([...Object.keys(SCENARIOS), ...Object.keys(ANSWERS)])(
    'of %s has a word at the head of every column',
    (name) => {
      const facts = SCENARIOS[name];
      const markdown = facts ? renderSummary(makeRecord(facts), EXTRAS) : (ANSWERS[name] ?? '');
      const heads = nodes(parse(markdown)).flatMap((node) =>
        node.type === 'table' ? (node.children?.[0]?.children ?? []) : [],
      );
      expect(heads.filter((cell) => !cell.children?.length)).toEqual([]);
    },
  );

  test.each([EARLY, UNTRUSTED])('of an early $outcome reads as it did', async (error) => {
    await expect(`${renderEarlySummary(error)}\n`).toMatchFileSnapshot(
      `summary/${error.outcome}.md`,
    );
  });

  test.each(Object.entries(SCENARIOS))('of %s has its headings in order', (_, facts) => {
    const tree = parse(renderSummary(makeRecord(facts), { patch: '' }));
    const depths = nodes(tree).flatMap((node) => (node.type === 'heading' ? [node.depth] : []));
    expect(depths[0]).toBe(2);
    expect(depths.slice(1).every((depth) => depth === 3)).toBe(true);
  });

  test('names more files than it shows', () => {
    const record = makeRecord(SUCCESS);
    const files = Array.from({ length: 70 }, (_, index) => ({
      path: `f${index}`,
      added: 1,
      removed: 0,
    }));
    const text = renderSummary({ ...record, change: { ...record.change, files } }, { patch: '' });
    expect(text).toContain('`f49`');
    expect(text).not.toContain('`f50`');
    expect(text).toContain('and 20 more');
  });
});

/** The record with every text that a guest may write replaced by `write()`. */
function guestRecord(write: () => string): RunRecord {
  const record = makeRecord(SCENARIOS['agent-failed'] ?? SUCCESS);
  const { outputs } = record;
  return {
    ...record,
    runId: write(),
    reason: write(),
    where: write(),
    fix: write(),
    problems: [{ message: write(), file: write(), line: 1 }],
    agent: { ...record.agent, name: write() },
    engine: { ...record.engine, version: write() },
    image: { ...record.image, kind: 'smolmachine', reference: write() },
    phases: [{ name: 'agent', startMs: 0, durationMs: 1, failed: false }],
    outputs: {
      files: outputs.files.map((file) => ({ ...file, path: write() })),
      refused: [{ path: write(), reason: write() }],
    },
    change: {
      ...record.change,
      verdict: 'refused',
      reason: write(),
      commits: [{ sha: write(), subject: write(), author: write() }],
      files: [{ path: write(), added: 1, removed: 2 }],
      findings: [
        { rule: 'secret', action: 'block', commit: '', path: write(), line: 3, detail: write() },
      ],
    },
    result: write(),
    notices: [write()],
  };
}

const BREAKERS = [
  ...['`', '``', '```', '~~~', '\n', '\r', '\n\n', '\u2028', '\t', '|', '\\', '\\|', ' ', '    '],
  ...['# ', '- ', '1. ', '> ', '---', '===', '*', '_', '~~', '<b>', '</details>', '<!--', '-->'],
  ...['<img src=https://evil.example/x>', '![a](https://evil.example)', '[a](b)', '[^1]', '[x]: y'],
  ...['https://evil.example', 'www.evil.example', 'a@b.example', '@org/team', 'fixes #12', 'GH-3'],
  ...['&lt;', '&#96;', '$$', '\u202e', '\u200b', '\ufeff', '\0', '\x1b[1m', '\u{e0041}', '\ud800'],
  ...['word', '✅', 'é'],
];
const hostile = fc.array(fc.constantFrom(...BREAKERS), { minLength: 1, maxLength: 12 });

describe('guest text in the summary', () => {
  test('never changes what the page says beside it', () => {
    const plain = skeleton(
      parse(
        renderSummary(
          guestRecord(() => 'x'),
          { patch: 'x' },
        ),
      ),
    );
    fc.assert(
      fc.property(fc.array(hostile, { minLength: 23, maxLength: 23 }), (texts) => {
        let next = 0;
        const write = () => (texts[next++ % texts.length] ?? []).join('');
        const summary = renderSummary(guestRecord(write), { patch: write() });
        expect(skeleton(parse(summary))).toEqual(plain);
      }),
      { numRuns: 500 },
    );
  }, 180_000);

  test('shows every character and hides none', () => {
    fc.assert(
      fc.property(hostile, fc.string({ unit: 'binary' }), (breakers, noise) => {
        const text = breakers.join(noise);
        const summary = renderSummary(
          guestRecord(() => text),
          { patch: text },
        );
        expect(summary).not.toMatch(/[\0-\x08\x0b-\x1f\x7f-\x9f]|(?!\ufe0e|\ufe0f)\p{Cf}/u);
        expect(summary.isWellFormed()).toBe(true);
        const blocks = nodes(parse(summary)).filter((node) => node.type === 'code');
        expect(blocks.map((node) => node.value)).toContain(visible(text).replace(/\n$/, ''));
      }),
    );
  });

  test('keeps an ordinary text as it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 200 }), (text) => {
        const summary = renderSummary({ ...guestRecord(() => 'x'), result: text }, { patch: '' });
        const blocks = nodes(parse(summary)).filter((node) => node.type === 'code');
        expect(blocks.map((node) => node.value)).toContain(visible(text));
      }),
    );
  });

  test.each(['`', '`x', '𝕏', '\0', '\u202e', '|', 'x\n', '\r'])(
    'of 10 MB of %j stays under 900 KiB and keeps the page whole',
    (unit) => {
      const text = unit.repeat(10_000_000 / unit.length);
      const record = guestRecord(() => text);
      const many = <T>(list: readonly T[]) => Array.from({ length: 1000 }, () => list[0] as T);
      const summary = renderSummary(
        {
          ...record,
          problems: many(record.problems),
          phases: many(record.phases),
          notices: many(record.notices),
          outputs: { files: many(record.outputs.files), refused: many(record.outputs.refused) },
          change: {
            ...record.change,
            commits: many(record.change.commits),
            files: many(record.change.files),
            findings: many(record.change.findings),
          },
        },
        { patch: text },
      );
      expect(Buffer.byteLength(summary)).toBeLessThan(900 * 1024);
      expect(summary).toContain('is in changes.patch of the artifact');
      expect(summary).toContain('- Machine: 2 CPUs');
    },
  );
});

describe('the phase chart', () => {
  test('holds only names and times, whatever a phase is called', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (name) => {
        const record = guestRecord(() => 'x');
        const phases = [{ name, startMs: 1.5, durationMs: 2, failed: true }];
        const summary = renderSummary({ ...record, phases }, { patch: '' });
        const chart = nodes(parse(summary)).find((node) => node.value?.startsWith('gantt'));
        expect(chart?.value?.split('\n').slice(5)).toEqual([
          expect.stringMatching(/^1 [a-zA-Z0-9 -]* 2 ms :crit, 2, 2ms$/),
        ]);
      }),
    );
  });
});
