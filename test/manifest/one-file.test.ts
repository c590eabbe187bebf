/** One file as the carrier: what YAML and JSON texts are refused, and where. */
import { describe, expect, test } from 'vitest';
import { loadManifest } from '../../src/manifest/load.ts';
import { MAX_FILE_BYTES } from '../../src/manifest/manifest.ts';
import { memoryFiles } from './memory-files.ts';
import { problemsOf } from './problem.ts';

async function expectProblems(file: string, text: string, expected: readonly string[]) {
  const actual = await problemsOf({ [file]: text });
  const full = expected.map((problem) => `${file}:${problem}`);
  expect(actual.map((problem, index) => problem.slice(0, full[index]?.length))).toEqual(full);
}

describe('YAML', () => {
  test.each<[string, string, string[]]>([
    ['nothing', '', ['1:1 the file is empty; it needs `bottles` and `agents`']],
    ['only a comment', '# later\n', ['1:1 the file is empty']],
    ['a list', '- bottles\n', ['1:1 the file: must be a map, but is a list']],
    [
      'an unknown map',
      'bottels: {}\n',
      [
        '1:1 bottels: unknown key. Did you mean "bottles"? Accepted here: $schema, agents, bottles.',
      ],
    ],
    [
      'a name with capitals',
      'bottles:\n  Dev: {}\n',
      [
        '2:3 bottles.Dev: the name must be lower-case letters, digits and hyphens, beginning with a letter',
      ],
    ],
    [
      'a name with an underscore',
      'agents:\n  my_agent: {}\n',
      ['2:3 agents.my_agent: the name must be lower-case letters'],
    ],
    [
      'an entry of nothing',
      'bottles:\n  dev:\n',
      [
        '2:7 bottles.dev: must be a map, but is nothing; give a value ({} for an empty map) or remove the key',
      ],
    ],
    [
      'a tab',
      'bottles:\n\tdev: {}\n',
      ['2:1 not valid YAML: a tab indents this line; YAML takes spaces only'],
    ],
    ['bad indentation', 'bottles:\n    dev: {}\n  web: {}\n', ['3:1 not valid YAML: ']],
    [
      'two values in a line',
      'bottles: dev: {}\n',
      ['1:10 not valid YAML: a second ": " in one line; put the value in quotes'],
    ],
    [
      'an open quote',
      'agents: {a: {prompt: "hi}}\n',
      ['2:1 not valid YAML: something is not closed'],
    ],
    [
      'an open bracket',
      'agents: {a: {skills: [x}}\n',
      ['1:24 not valid YAML: a bracket is not closed'],
    ],
    [
      'an unknown escape',
      'agents: {a: {prompt: "\\q"}}\n',
      ['1:23 not valid YAML: a double-quoted text has an unknown escape'],
    ],
    [
      'a second document',
      'agents: {}\n---\nagents: {}\n',
      ['2:1 not valid YAML: a second document begins here; a file holds one'],
    ],
    [
      'a key twice',
      'agents: {}\nbottles: {}\nagents: {}\n',
      ['3:1 the key "agents" is there twice in one map; keep one'],
    ],
    [
      'an entry twice',
      'agents:\n  a: {}\n  b: {}\n  a: {}\n',
      ['4:3 the key "a" is there twice in one map; keep one'],
    ],
    [
      'an anchor',
      'agents: &a {}\n',
      ['1:12 anchors (&name) are not read; write the value out or use `extends`'],
    ],
    ['an alias', 'agents:\n  a: {prompt: *x}\n', ['2:15 ']],
    [
      'a merge key',
      'agents:\n  a: {<<: {prompt: x}}\n',
      ['2:7 merge keys (<<) are not read; write the values out or use `extends`'],
    ],
    ['a tag', 'agents: !!map {}\n', ['1:15 tags (!name) are not read; remove it']],
    ['a key that is a number', 'agents:\n  1: {}\n', ['2:3 a key must be text; put it in quotes']],
    [
      'a key that is a list',
      'agents:\n  ? [a]\n  : {}\n',
      ['2:5 a key must be text; put it in quotes'],
    ],
    ['a key that is nothing', 'agents:\n  ~: {}\n', ['2:3 a key must be text; put it in quotes']],
    [
      '__proto__',
      'bottles:\n  dev:\n    __proto__: {env: {A: b}}\n',
      ['3:5 the key "__proto__" is never accepted; remove it'],
    ],
    [
      'constructor',
      'agents:\n  a:\n    output_schema: {constructor: {}}\n',
      ['3:21 the key "constructor" is never accepted; remove it'],
    ],
    [
      'prototype',
      'agents:\n  a:\n    output_schema: {a: [{prototype: 1}]}\n',
      ['3:26 the key "prototype" is never accepted; remove it'],
    ],
    [
      'an endless number',
      'bottles: {dev: {limits: {minutes: .inf}}}\n',
      ['1:35 bottles.dev.limits.minutes: must be a number, but is not finite'],
    ],
    [
      'deep nesting',
      `agents: {a: {output_schema: ${'{a: '.repeat(500)}`,
      ['1:526 not valid YAML: nested deeper'],
    ],
    ['deep lists', '- '.repeat(100_000), ['1:256 not valid YAML: nested deeper']],
    ['deep brackets', '['.repeat(500_000), ['1:129 not valid YAML: nested deeper']],
    [
      'a million parts',
      `agents: [${'1,'.repeat(300_000)}]`,
      ['1:166672 not valid YAML: more words'],
    ],
    [
      'too many bytes',
      `# ${'x'.repeat(MAX_FILE_BYTES)}`,
      [
        `1:1 the file has ${MAX_FILE_BYTES + 2} bytes, and ${MAX_FILE_BYTES} is the most that is read`,
      ],
    ],
  ])('%s', async (_, text, expected) => {
    await expectProblems('bot-bottle.yml', text, expected);
  });

  test('a bomb does not go off', async () => {
    const start = performance.now();
    const [first, ...more] = await problemsOf({ 'bot-bottle.yml': bomb() });
    expect(first).toContain('1:7 anchors (&name) are not read');
    expect(more.length).toBeLessThan(100);
    expect(performance.now() - start).toBeLessThan(5000);
  });

  test('1.2 holds: yes is text, an octal is a number, whatever a directive says', async () => {
    const text = '%YAML 1.1\n---\nbottles: {dev: {env: {A: yes, B: 0o10}}}\n';
    await expectProblems('bot-bottle.yml', text, [
      '3:34 bottles.dev.env.B: must be text, but is a number',
    ]);
  });

  test('values on many lines keep their text', async () => {
    const text = 'agents:\n  a:\n    prompt: |\n      one\n\n      two: "x" # no comment\n';
    const loaded = await loadManifest(memoryFiles({ 'bot-bottle.yml': text }));
    expect(loaded.agents.get('a')?.value.prompt).toBe('one\n\ntwo: "x" # no comment\n');
  });
});

describe('JSON', () => {
  test.each<[string, string, string[]]>([
    ['nothing', ' \n', ['1:1 the file is empty']],
    [
      'a comma at the end',
      '{\n  "agents": {},\n}',
      ['3:1 not valid JSON: expected a key in double quotes'],
    ],
    [
      'a missing comma',
      '{"agents": {}\n "bottles": {}}',
      ['2:2 not valid JSON: expected a comma or }'],
    ],
    ['a missing colon', '{"agents" {}}', ['1:11 not valid JSON: expected a colon after the key']],
    [
      'a comment',
      '{\n  // agents\n  "agents": {}}',
      ['2:3 not valid JSON: expected a key in double quotes'],
    ],
    ['single quotes', "{'agents': {}}", ['1:2 not valid JSON: expected a key in double quotes']],
    [
      'an open text',
      '{"agents": {"a": {"prompt": "hi}}}',
      ['1:29 not valid JSON: expected a closed text on one line, with JSON escapes only'],
    ],
    [
      'a bad escape',
      '{"agents": {"a": {"prompt": "\\q"}}}',
      ['1:29 not valid JSON: expected a closed text'],
    ],
    [
      'a line break in a text',
      '{"agents": {"a": {"prompt": "x\ny"}}}',
      ['1:29 not valid JSON: expected a closed text'],
    ],
    [
      'a word that is none',
      '{"agents": {"a": {"name": True}}}',
      ['1:27 not valid JSON: expected a value'],
    ],
    [
      'a number that is none',
      '{"bottles": {"dev": {"limits": {"minutes": 01}}}}',
      ['1:44 not valid JSON: expected a value'],
    ],
    [
      'text behind the end',
      '{"agents": {}} x',
      ['1:16 not valid JSON: expected nothing more after the last }'],
    ],
    ['an open map', '{"agents": {', ['1:13 not valid JSON: expected a key in double quotes']],
    [
      'a key twice',
      '{\n "agents": {},\n "agents": {}\n}',
      ['3:2 the key "agents" is there twice in one map; keep one'],
    ],
    [
      'a key twice in disguise',
      '{"agents": {"a": {}, "\\u0061": {}}}',
      ['1:22 the key "a" is there twice in one map; keep one'],
    ],
    [
      '__proto__',
      '{"bottles": {"dev": {"__proto__": {"env": {}}}}}',
      ['1:22 the key "__proto__" is never accepted; remove it'],
    ],
    [
      'an unknown key',
      '{"bottles": {"dev": {\n  "egres": {}\n}}}',
      ['2:3 bottles.dev.egres: unknown key. Did you mean "egress"?'],
    ],
    [
      'a missing host',
      '{"bottles": {"dev": {"egress": {"routes": [\n  {"auth": {"scheme": "Bearer", "token_ref": "T"}}\n]}}}}',
      ['2:3 bottles.dev.egress.routes[0].host: is missing'],
    ],
    [
      'a prompt for a secret',
      '{"bottles": {"dev": {"env": {"A": "x",\n  "B": "?ask me"}}}}',
      [
        `2:8 bottles.dev.env.B: asks a person for a value (\`?\`), and nobody answers in CI. Write "\${B}"`,
      ],
    ],
    [
      'a number for text',
      '{"bottles": {"dev": {"env": {\n  "A": 1}}}}',
      ['2:8 bottles.dev.env.A: must be text, but is a number'],
    ],
    [
      'a host twice',
      '{"bottles": {"dev": {"egress": {"routes": [\n  {"host": "a.example"},\n  {"host": "a.example"}\n]}}}}',
      [
        '3:12 bottles.dev.egress.routes[1].host: has a route already; merge the two (the first is on line 2)',
      ],
    ],
    [
      'an old entry of git',
      '{"bottles": {"dev": {\n  "git": [{"Name": "x"}]}}}',
      ['2:3 bottles.dev.git: this key is not accepted any more: use `git-gate.repos`'],
    ],
    [
      'a parent that is not there',
      '{"bottles": {"dev": {\n  "extends": "bsae"}, "base": {}}}',
      [
        '2:14 extends: there is no bottle "bsae" (dev → bsae). Did you mean "base"? Bottles: base, dev.',
      ],
    ],
    [
      'deep nesting',
      '{"a":'.repeat(200_000),
      ['1:326 not valid JSON: expected no more than 64 levels'],
    ],
  ])('%s', async (_, text, expected) => {
    await expectProblems('bot-bottle.json', text, expected);
  });

  test('the smallest kind of manifest that bot-bottle has', async () => {
    const text =
      '{"bottles": {"dev": {}}, "agents": {"demo": {"skills": ["init-prd", "verify"], "prompt": "You are a helpful assistant.", "bottle": "dev"}}}';
    const loaded = await loadManifest(memoryFiles({ 'claude-bottle.json': text }));
    expect(loaded.bottles.get('dev')?.value).toEqual({});
    expect(loaded.agents.get('demo')?.value).toEqual({
      bottle: 'dev',
      skills: ['init-prd', 'verify'],
      prompt: 'You are a helpful assistant.',
    });
  });
});

/** Nine levels of nine: a billion members, if aliases were followed. */
function bomb(): string {
  const levels = 'abcdefghi'.split('').map((name, index, all) => {
    const members = index === 0 ? '"lol"' : `*${all[index - 1]}`;
    return `${name}: &${name} [${Array(9).fill(members).join(', ')}]`;
  });
  return `${levels.join('\n')}\n`;
}
