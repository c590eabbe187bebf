/** Finding a manifest, and files that are no good before any schema is asked. */
import { describe, expect, test } from 'vitest';
import { loadManifest } from '../../src/manifest/load.ts';
import type { ManifestFiles } from '../../src/manifest/manifest.ts';
import { memoryFiles } from './memory-files.ts';
import { errorOf, problemsOf } from './problem.ts';

const BOTTLE = '---\nlimits: {minutes: 5}\n---\nWhat it is for.\n';
const AGENT = '---\nbottle: dev\n---\nBe kind.\n';
const YAML =
  'bottles: {dev: {limits: {minutes: 5}}}\nagents: {demo: {bottle: dev, prompt: Be kind.}}\n';
const JSON_TEXT =
  '{"bottles": {"dev": {"limits": {"minutes": 5}}}, "agents": {"demo": {"bottle": "dev", "prompt": "Be kind."}}}';

const directory = (name: string) => ({
  [`${name}/bottles/dev.md`]: BOTTLE,
  [`${name}/agents/demo.md`]: AGENT,
});

describe('where a manifest is found', () => {
  test.each([
    ['.bot-bottle', directory('.bot-bottle')],
    ['bot-bottle.yml', { 'bot-bottle.yml': YAML }],
    ['bot-bottle.yaml', { 'bot-bottle.yaml': YAML }],
    ['bot-bottle.json', { 'bot-bottle.json': JSON_TEXT }],
    ['.claude-bottle', directory('.claude-bottle')],
    ['claude-bottle.json', { 'claude-bottle.json': JSON_TEXT }],
  ])('in %s', async (place, files) => {
    const loaded = await loadManifest(memoryFiles(files));
    expect(loaded.carrier).toBe(place);
    expect(loaded.bottles.get('dev')?.value).toEqual({ limits: { minutes: 5 } });
    expect(loaded.agents.get('demo')?.value).toEqual({ bottle: 'dev', prompt: 'Be kind.' });
    expect(loaded.notices).toEqual([]);
  });

  test.each([
    ['ci/bottles.yaml', { 'ci/bottles.yaml': YAML }],
    ['ci/agents', directory('ci/agents')],
    ['./ci/x.json/', { 'ci/x.json': JSON_TEXT }],
  ])('in %s, when the input names it', async (path, files) => {
    const loaded = await loadManifest(memoryFiles({ ...files, ...directory('.bot-bottle') }), {
      path,
    });
    expect(loaded.carrier).toBe(path.replace(/^\.\/|\/$/g, ''));
  });

  test('two at once are an error that names both', async () => {
    const error = await errorOf({ ...directory('.bot-bottle'), 'claude-bottle.json': JSON_TEXT });
    expect(error.message).toBe(
      'There is more than one manifest (.bot-bottle and claude-bottle.json in memory). Keep one, or name one with the input `manifest`.',
    );
  });

  test('none is an error that names the places and shows an example that loads', async () => {
    const error = await errorOf({ 'README.md': '' });
    expect(error.where).toBe(
      'searched in memory: .bot-bottle, bot-bottle.yml, bot-bottle.yaml, bot-bottle.json, .claude-bottle, claude-bottle.json',
    );
    const example = error.fix.slice(error.fix.indexOf('{'));
    const loaded = await loadManifest(memoryFiles({ 'bot-bottle.yml': example }));
    expect([...loaded.agents.keys()]).toEqual(['demo']);
  });

  test('a named file that is not there is searched nowhere else', async () => {
    const error = await errorOf({ 'bot-bottle.yml': YAML }, 'ci/bot-bottle.yml');
    expect(error.where).toBe('searched in memory: ci/bot-bottle.yml');
  });

  test.each(['../x.yml', '/etc/x.yml', 'a/../../x', 'a\\b.yml', '.'])(
    'a named place outside the repository is refused: %s',
    async (path) => {
      const error = await errorOf({ 'bot-bottle.yml': YAML }, path);
      expect(error.what).toBe('The manifest must be inside the repository');
    },
  );

  test('a directory with neither bottles/ nor agents/ is no manifest', async () => {
    const error = await errorOf({ '.bot-bottle/state/x': '' });
    expect(error.what).toBe('There is no manifest');
  });
});

describe('files of a directory', () => {
  test('a name that is no entry is skipped with a notice', async () => {
    const files = {
      ...directory('.bot-bottle'),
      '.bot-bottle/agents/README.md': '',
      '.bot-bottle/agents/a.txt': '',
      '.bot-bottle/agents/Demo.md': '',
    };
    const { notices, agents } = await loadManifest(memoryFiles(files));
    expect([...agents.keys()]).toEqual(['demo']);
    expect(notices).toEqual([
      {
        file: '.bot-bottle/agents',
        message:
          'skipped "Demo.md", "README.md", "a.txt": an entry is a file whose name is lower-case letters, digits and hyphens, and ends in .md',
      },
    ]);
  });

  test('a directory with the name of an entry is an error', async () => {
    expect(
      await problemsOf({ ...directory('.bot-bottle'), '.bot-bottle/agents/x.md/y': '' }),
    ).toEqual(['.bot-bottle/agents/x.md:1:1 this is not a file; an entry is a Markdown file']);
  });

  test('the digest follows names and bytes, not the order of listing', async () => {
    const digest = async (files: Record<string, string>) =>
      (await loadManifest(memoryFiles(files))).digest;
    const files = { ...directory('.bot-bottle'), '.bot-bottle/agents/b.md': AGENT };
    const reversed = Object.fromEntries(Object.entries(files).reverse());
    const renamed = { ...directory('.bot-bottle'), '.bot-bottle/agents/c.md': AGENT };
    expect(await digest(files)).toMatch(/^[0-9a-f]{64}$/);
    expect(await digest(reversed)).toBe(await digest(files));
    expect(await digest(renamed)).not.toBe(await digest(files));
  });

  test.each([
    ['10,001 entries', 10_001, 10, '10001 entries, 100010 bytes'],
    ['65 MiB', 65, 1024 * 1024, '65 entries, 68157440 bytes'],
  ])('%s are refused before any is read', async (_, count, size, found) => {
    const list = Array.from({ length: count }, (_entry, index) => {
      return { name: `a${index}.md`, kind: 'file', size } as const;
    });
    const files: ManifestFiles = {
      root: 'memory',
      read: async (path) => (path.startsWith('.bot-bottle/') ? expect.fail() : undefined),
      list: async (path) => (path === '.bot-bottle/agents' ? list : undefined),
    };
    await expect(loadManifest(files)).rejects.toThrow(
      `The manifest is too large (.bot-bottle/agents: ${found}). Keep it to`,
    );
  });

  test('an empty frontmatter is an empty entry', async () => {
    const loaded = await loadManifest(
      memoryFiles({ '.bot-bottle/agents/a.md': '---\n---\n\n Hi\n\n' }),
    );
    expect(loaded.agents.get('a')?.value).toEqual({ prompt: 'Hi' });
  });
});

const agentText = (text: string | Uint8Array) => ({ '.bot-bottle/agents/a.md': text });

describe('text of a Markdown file', () => {
  test.each([
    ['a byte order mark', '\ufeff---\nskills: [x]\n---\nHi'],
    ['CRLF', '---\r\nskills: [x]\r\n---\r\nHi\r\n'],
    ['spaces behind the marks', '---  \nskills: [x]\n---\t\nHi'],
    ['a comment for editors', '---\n# yaml-language-server: $schema=x.json\nskills: [x]\n---\nHi'],
  ])('%s does not matter', async (_, text) => {
    const loaded = await loadManifest(memoryFiles(agentText(text)));
    expect(loaded.agents.get('a')?.value).toEqual({ skills: ['x'], prompt: 'Hi' });
  });

  test.each([
    ['nothing', '', '1:1 no frontmatter'],
    [
      'only prose',
      'You are kind.',
      '1:1 no frontmatter: the first line must be `---`, then YAML, then a line `---`, then the text',
    ],
    ['a line above the mark', '\n---\nskills: []\n---\n', '1:1 no frontmatter'],
    ['a mistyped mark', '--\nbottle: dev\n--\n', '1:1 no frontmatter'],
    [
      'no second mark',
      '---\nskills: []\n',
      '1:1 the frontmatter is not closed: end it with a line `---`',
    ],
    [
      'a prompt above its body',
      '---\nskills: []\nprompt: x\n---\nHi',
      '3:1 prompt: the text below the frontmatter is the prompt; remove the key',
    ],
    ['an error behind CRLF', '---\r\nskills: []\r\nskill: []\r\n---\r\n', '3:1 skill: unknown key'],
    ['an error behind a byte order mark', '\ufeff---\nskill: []\n---\n', '2:1 skill: unknown key'],
    [
      'an error behind wide characters',
      '---\noutputs: ["😀", /x]\n---\n',
      '2:17 outputs[1]: must be a glob',
    ],
    [
      'bytes that are no UTF-8',
      new Uint8Array([0x2d, 0x2d, 0x2d, 0x0a, 0xff, 0xfe]),
      '1:1 the file is not UTF-8 text',
    ],
    [
      'UTF-16',
      new Uint8Array([0xff, 0xfe, 0x2d, 0, 0x2d, 0, 0x2d, 0]),
      '1:1 the file is not UTF-8 text',
    ],
  ])('%s', async (_, text, expected) => {
    const [problem = '', ...more] = await problemsOf(agentText(text));
    expect(problem.slice(0, `.bot-bottle/agents/a.md:${expected}`.length)).toBe(
      `.bot-bottle/agents/a.md:${expected}`,
    );
    expect(more).toEqual([]);
  });
});

describe('all problems come at once', () => {
  test('of all files, with the references between them', async () => {
    expect(
      await problemsOf({
        '.bot-bottle/bottles/a.md': '---\nextends: b\nengin: x\n---\n',
        '.bot-bottle/bottles/b.md': '---\nextends: nowhere\n---\n',
        '.bot-bottle/bottles/c.md': '---\n- [\n---\n',
        '.bot-bottle/agents/x.md': '---\nbottle: c\nskills: 1\n---\n',
        '.bot-bottle/agents/y.md': 'no marks',
        '.bot-bottle/agents/z.md': '---\nbottle: d\n---\n',
      }),
    ).toEqual([
      expect.stringMatching(
        /^\.bot-bottle\/bottles\/a\.md:3:1 engin: unknown key\. Did you mean "engine"\?/,
      ),
      expect.stringMatching(
        /^\.bot-bottle\/bottles\/c\.md:3:1 not valid YAML: a bracket is not closed/,
      ),
      '.bot-bottle/agents/x.md:3:9 skills: must be a list, but is a number (quotes make it text)',
      expect.stringMatching(/^\.bot-bottle\/agents\/y\.md:1:1 no frontmatter/),
      '.bot-bottle/bottles/b.md:2:10 extends: there is no bottle "nowhere" (b → nowhere). Bottles: a, b, c.',
      '.bot-bottle/agents/z.md:2:9 bottle: there is no bottle "d". Bottles: a, b, c.',
    ]);
  });

  test('a flood is counted, and its first 500 are kept', async () => {
    const members = Array(20_000).fill('"a": {}').join(',');
    const error = await errorOf({ 'bot-bottle.json': `{"agents": {${members}}}` });
    expect(error.what).toBe('The manifest has 19999 problems');
    expect(error.problems).toHaveLength(500);
  });

  test('the text shows ten and counts the rest', async () => {
    const keys = Array.from({ length: 14 }, (_, index) => `zzzzzz${index}: 1`).join('\n');
    const error = await errorOf(agentText(`---\n${keys}\n---\n`));
    expect(error.outcome).toBe('config-invalid');
    expect(error.problems).toHaveLength(14);
    expect(error.message).toMatch(
      /^The manifest has 14 problems \(\.bot-bottle\)\. Correct \.bot-bottle\/agents\/a\.md:2:1 /,
    );
    expect(error.message).toMatch(/; and 4 more$/);
    expect(error.message).not.toContain('\n');
  });
});

describe('notices', () => {
  test('say what is read differently from how it is written', async () => {
    const bottle = `---\nenv:\n  URL: http://\${HOST}/\negress:\n  routes:\n    - host: a.example\n      dlp: {outbound_on_match: supervise}\n---\n`;
    const { notices, bottles } = await loadManifest(
      memoryFiles({ '.bot-bottle/bottles/dev.md': bottle }),
    );
    expect(notices).toEqual([
      {
        file: '.bot-bottle/bottles/dev.md',
        line: 3,
        column: 8,
        message: expect.stringContaining('stays as it is written'),
      },
      {
        file: '.bot-bottle/bottles/dev.md',
        line: 7,
        column: 32,
        message: expect.stringContaining('`supervise` means `block`'),
      },
    ]);
    expect(bottles.get('dev')?.value.egress?.routes?.[0]?.dlp?.outbound_on_match).toBe('block');
  });
});
