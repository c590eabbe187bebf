/** `transcript.md` shows all events to who reads it, and nothing in it is more than text. */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { fromMarkdown } from 'mdast-util-from-markdown';
import { gfmFromMarkdown } from 'mdast-util-gfm';
import { gfm } from 'micromark-extension-gfm';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { AgentEvent } from '../../src/agent/event.ts';
import { keepTranscriptPage } from '../../src/report/transcript-page.ts';
import { engineHost } from '../machine/engine-host.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'transcript-page-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

type Said = AgentEvent extends infer E ? (E extends AgentEvent ? Omit<E, 'time'> : never) : never;
type Node = { type: string; value?: string; children?: Node[] };

async function pageOf(events: readonly Said[]): Promise<string> {
  const file = join(directory, 'transcript.jsonl');
  rmSync(join(directory, 'transcript.md'), { force: true });
  const time = '2026-01-02T03:04:05.000Z';
  writeFileSync(file, events.map((event) => `${JSON.stringify({ ...event, time })}\n`).join(''));
  const [page = ''] = await keepTranscriptPage(engineHost(), [file], file);
  return readFileSync(page, 'utf8');
}

const STARTED = {
  type: 'started',
  turn: 0,
  session: 's-1',
  model: 'm-1',
  version: '1.2.3',
} as const;

test('it tells what happened in its order', async () => {
  const page = await pageOf([
    STARTED,
    { type: 'text', turn: 1, text: 'I look.' },
    { type: 'text', turn: 1, text: 'And look.' },
    { type: 'tool-call', turn: 1, id: '1', name: 'Bash', input: { command: 'ls -l' } },
    { type: 'tool-result', turn: 1, id: '1', ok: true, output: 'a\nb\n' },
    { type: 'tool-call', turn: 2, id: '2', name: 'Edit', input: { path: 'a', text: 'b' } },
    { type: 'tool-result', turn: 2, id: '2', ok: false, output: '' },
    { type: 'usage', turn: 2, input: 5, cacheRead: 6, cacheWrite: 7, output: 8, reasoning: 0 },
    { type: 'permission-denied', turn: 2, tool: 'Web' },
    { type: 'error', turn: 2, reason: 'overloaded', status: 529, message: 'Busy' },
    { type: 'finished', turn: 2, ok: true, turns: 2, result: 'Done.' },
  ]);
  expect(page).toBe(`# Transcript

Started, model \`m-1\`, version \`1.2.3\`, session \`s-1\`.

## Turn 1

\`\`\`
I look.
And look.
\`\`\`

**Tool** \`Bash\`

\`\`\`
ls -l
\`\`\`

**Its result**

\`\`\`
a
b
\`\`\`

## Turn 2

**Tool** \`Edit\`

\`\`\`json
{
  "path": "a",
  "text": "b"
}
\`\`\`

**It failed**

(nothing)

Tokens: 5 in, 13 cached, 8 out.

**Refused:** \`Web\`

**Error** (overloaded 529)

\`\`\`
Busy
\`\`\`

**Finished** after 2 turns.

\`\`\`
Done.
\`\`\`

`);
});

const BREAKERS = [
  '`',
  '```',
  '~~~',
  '\n',
  '\r',
  '<img src=x>',
  '](http://x)',
  '@all',
  '\u202e',
  '\u2028',
  '\u2029',
  '# ',
  '|',
];
const hostile = fc
  .array(fc.oneof(fc.constantFrom(...BREAKERS), fc.string({ unit: 'binary' })), { maxLength: 12 })
  .map((parts) => parts.join(''));

test('whatever an agent says is code', async () => {
  const property = fc.asyncProperty(hostile, hostile, async (one, other) => {
    const page = await pageOf([
      { ...STARTED, model: one, version: other, session: one },
      { type: 'text', turn: 1, text: one },
      { type: 'tool-call', turn: 1, id: one, name: other, input: { [one]: other, more: one } },
      { type: 'tool-call', turn: 1, id: one, name: other, input: [one] },
      { type: 'tool-result', turn: 2, id: one, ok: false, output: other },
      { type: 'permission-denied', turn: 2, tool: one },
      { type: 'error', turn: 2, message: other },
      { type: 'finished', turn: 2, ok: false, turns: 1, result: one },
    ]);
    const tree = fromMarkdown(page, { extensions: [gfm()], mdastExtensions: [gfmFromMarkdown()] });
    const walk = (node: Node): Node[] => [node, ...(node.children ?? []).flatMap(walk)];
    const nodes = walk(tree as Node);
    const types = new Set(nodes.map(({ type }) => type));
    const allowed = ['root', 'heading', 'paragraph', 'text', 'strong', 'code', 'inlineCode'];
    expect(allowed).toEqual(expect.arrayContaining([...types]));
    const words = nodes.filter(({ type }) => type === 'text').map(({ value = '' }) => value);
    for (const word of words) expect(word).toMatch(OURS);
    expect(page).not.toMatch(/[\u202a-\u202e\u2066-\u2069\u200b]/);
  });
  await fc.assert(property, { numRuns: 200 });
});
const OURS =
  /^(?:Transcript|Turn \d|Started(?:, (?:model|version|session) )?\.?|, (?:version|session) |\.|Tool| |Its result|It failed|\(nothing\)|Refused:|Error|Gave up| after 1 turns\.)$/;

test('it ends at a size, and says where the rest is', async () => {
  const output = 'x'.repeat(20_000);
  const many = Array.from({ length: 400 }, (_, turn): Said[] => [
    { type: 'tool-result', turn: turn + 1, id: '1', ok: true, output },
  ]);
  const page = await pageOf(many.flat());
  expect(page.length).toBeLessThan(4.1 * 1024 * 1024);
  expect(page).toMatch(/Cut here\. The rest is in `transcript\.jsonl`\.\n$/);
  expect(page).toContain(
    'Cut here: the first 16 KiB are shown. The rest is in `transcript.jsonl`.',
  );
});

test('what is no event is told in the log, and no page is promised', async () => {
  const file = join(directory, 'transcript.jsonl');
  writeFileSync(file, 'no json\n');
  const host = engineHost();
  expect(await keepTranscriptPage(host, [file], file)).toEqual([]);
  expect(host.lines.join()).toContain('The readable transcript was not written');
  expect(await keepTranscriptPage(host, [], file)).toEqual([]);
});

test('only its owner may read it before it is cleaned', async () => {
  await pageOf([STARTED]);
  expect(statSync(join(directory, 'transcript.md')).mode & 0o777).toBe(0o600);
});
