/** What an agent wrote calls nobody, closes nothing, hides nothing and leads nowhere. */
import fc from 'fast-check';
import { fromMarkdown } from 'mdast-util-from-markdown';
import { gfmFromMarkdown } from 'mdast-util-gfm';
import { gfm } from 'micromark-extension-gfm';
import { describe, expect, test } from 'vitest';
import { cleanMarkdown, cleanMessage, cleanTitle } from '../../src/report/outgoing-text.ts';
import { pullRequestText } from '../../src/report/pull-request-text.ts';

type Node = { type: string; value?: string; children?: Node[] };

/** GitHub's reading of Markdown: all nodes, outermost first. */
function nodesOf(markdown: string): Node[] {
  const tree = fromMarkdown(markdown, {
    extensions: [gfm()],
    mdastExtensions: [gfmFromMarkdown()],
  }) as Node;
  const all = (node: Node): Node[] => [node, ...(node.children ?? []).flatMap(all)];
  return all(tree);
}

const ALLOWED = [
  ...['root', 'paragraph', 'heading', 'text', 'emphasis', 'strong', 'list', 'listItem', 'break'],
  ...['blockquote', 'code', 'inlineCode', 'thematicBreak', 'table', 'tableRow', 'tableCell'],
];

function expectHarmless(markdown: string, issue = 7): void {
  for (const { type, value = '' } of nodesOf(markdown)) {
    expect(ALLOWED, markdown).toContain(type);
    if (type !== 'text') continue;
    expect(value, markdown).not.toMatch(/(^|[^\w])@[a-z0-9]/i);
    for (const [reference] of value.matchAll(/(?:[\w.-]+\/[\w.-]+)?#\d+|\bGH-\d+/g)) {
      expect(reference, markdown).toBe(`#${issue}`);
    }
    expect(value, markdown).not.toMatch(/https?:\/\/|www\.\w/);
  }
}

describe('Markdown', () => {
  test.each([
    [
      'a mention',
      'ping @octocat and @octo/team, (@ada)',
      'ping `@octocat` and `@octo/team,` `(@ada)`',
    ],
    ['an address', 'write to a@example.com', 'write to `a@example.com`'],
    ['a link', 'see [here](https://evil.example)', 'see `[here](https://evil.example)`'],
    ['a link in parts', '[here][1]\n\n[1]: //evil.example', '\\[here\\]\\[1\\]'],
    ['a bare address', 'go to www.evil.example now', 'go to `www.evil.example` now'],
    ['an image', 'a ![pixel](https://evil.example/p.png) b', 'a (image removed: pixel) b'],
    [
      'HTML',
      '<img src=x> <b>bold</b> <!-- hidden -->',
      '&lt;img src=x> &lt;b>bold&lt;/b> &lt;!-- hidden -->',
    ],
    ['an entity', '&#64;octocat &copy;', '`&#64;octocat` &amp;copy;'],
    ['another issue', 'Fixes #12, GH-3 and octo/site#4', 'Fixes `#12,` `GH-3` and `octo/site#4`'],
    ['our issue', 'Fixes #7. (#7)', 'Fixes #7. (#7)'],
    ['a task list', '- [x] done', '- \\[x\\] done'],
    ['a footnote', 'a[^1]', 'a\\[^1\\]'],
    ['mathematics', '$\\color{white}x$', '&#36;\\\\color{white}x&#36;'],
    ['a code span', 'use `@octocat` or ``a`b``', 'use `@octocat` or ``a`b``'],
    ['spans that touch', '``a` ``[x](y)`b`', undefined],
    ['a heading', '## Done', '## Done'],
    ['emphasis', 'It is **good** and *fine*', 'It is **good** and *fine*'],
    ['a direction', 'a\u202eb', 'a&lt;U+202E>b'],
  ])('is free of %s', (_, text, expected) => {
    const cleaned = cleanMarkdown(text, 7);
    expectHarmless(cleaned);
    if (expected !== undefined) expect(cleaned).toContain(expected);
  });

  test('keeps blocks of code, and none that GitHub draws or applies', () => {
    const text = 'Run:\n```sh\nnpm test # Fixes #12\n```\nand\n~~~mermaid\ngraph\n```\n~~~\nend';
    const cleaned = cleanMarkdown(text, 7);
    expectHarmless(cleaned);
    expect(cleaned).toBe(
      'Run:\n\n```sh\nnpm test # Fixes (#12)\n```\n\nand\n\n````\ngraph\n```\n````\n\nend',
    );
  });

  test('is free of all that whatever it is made of', () => {
    const piece = fc.constantFrom(
      ...[
        '`',
        '``',
        '```',
        '```mermaid',
        '~~~',
        '\\',
        '<',
        '>',
        '<!--',
        '-->',
        '&',
        '&#64;',
        '[',
        ']',
      ],
      ...[
        '(',
        ')',
        '![',
        '](',
        '@octocat',
        '#12',
        '#7',
        'GH-3',
        'o/r#4',
        'https://e.example',
        'www.e.example',
      ],
      ...[
        'a@b.example',
        '\n',
        '\n\n',
        ' ',
        '    ',
        '\t',
        '- ',
        '> ',
        '# ',
        '1. ',
        '|',
        '---',
        '*',
        '_',
        '$',
      ],
      ...[
        'Fixes',
        'word',
        '[1]: //e',
        '[^1]',
        '<a href="//e">',
        '</a>',
        '\r',
        '\u200b',
        '=',
        ':',
        '.',
      ],
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 25 }), (pieces) => {
        expectHarmless(cleanMarkdown(pieces.join(''), 7));
      }),
      { numRuns: 3000 },
    );
  });

  test('is cut where it is long', () => {
    const cleaned = cleanMarkdown('word '.repeat(20_000), 0);
    expect(cleaned.length).toBeLessThan(31_000);
    expect(cleaned).toMatch(/Cut here: all of it is in `result.md`/);
  });
});

describe('a message', () => {
  test.each([
    ['Ask @octocat, mail a@b.example', 'Ask @ octocat, mail a@b.example'],
    ['Fixes #12, #7 and o/r#3', 'Fixes # 12, #7 and o/r# 3'],
    ['GH-12 https://github.com/o/r/issues/12', 'GH 12 https://github.com/o/r/issues/ 12'],
    ['Do it [skip ci] [ci skip]', 'Do it (skip ci) (ci skip)'],
    ['X\n\nCo-authored-by: A <a@b>', 'X\n\n(Co-authored-by: A <a@b>)'],
    [
      'X\n\nsigned-off-by: A <a@b>\nskip-checks: true',
      'X\n\n(signed-off-by: A <a@b>)\n(skip-checks: true)',
    ],
    ['X\n\nBottle-Branch: main, x', 'X\n\n(Bottle-Branch: main, x)'],
    ['a\u0000b\u202ec', 'a␀b<U+202E>c'],
    ['  \n', 'Work of the agent'],
  ])('%j becomes %j', (message, cleaned) => {
    expect(cleanMessage(message, 7)).toBe(cleaned);
  });
});

test.each([
  ['## Fix the *parser*\n\nMore', 'Fix the parser'],
  ['\n\n---\n- `go` @all fixes #12', 'go @ all fixes # 12'],
  ['x'.repeat(500), `${'x'.repeat(199)}…`],
])('a title is one short line: %j', (text, title) => {
  expect(cleanTitle(text, 7)).toBe(title);
});

describe('a pull request', () => {
  const facts = {
    ...{ agent: 'demo', runId: 'demo-12345', number: 7, title: '', result: '' },
    runUrl: 'https://github.com/octo/site/actions/runs/1',
    change: {
      verdict: 'clean' as const,
      commits: [{ sha: 'a'.repeat(40), subject: 'Fix @it', author: 'A <a@b>' }],
      files: [{ path: 'a`b', added: 3, removed: null }],
      findings: [],
    },
  };

  test('has the title of the input, the result, the commit, or the agent', () => {
    expect(pullRequestText({ ...facts, title: 'Mine', result: 'Done' }).title).toBe('Mine');
    expect(pullRequestText({ ...facts, result: '# Done' }).title).toBe('Done');
    expect(pullRequestText(facts).title).toBe('Fix @ it');
    const change = { ...facts.change, commits: [] };
    expect(pullRequestText({ ...facts, change }).title).toBe('Work of the agent demo');
  });

  test('says who made it, for which issue, and what changed', () => {
    const { body } = pullRequestText({ ...facts, result: 'All done, @octocat' });
    expect(body).toMatch(/^All done, `@octocat`\n/);
    expect(body).toContain('run [demo-12345](https://github.com/octo/site/actions/runs/1)');
    expect(body).toContain('asked for in #7');
    expect(body).toContain('1 changed files, +3 −0');
  });

  test('that needs a review says so on top, with the findings', () => {
    const finding = { rule: 'protected-path' as const, action: 'review' as const };
    const findings = [{ ...finding, commit: '', path: '.github/x.yml', line: 0, detail: 'It is' }];
    const change = { ...facts.change, verdict: 'review' as const, findings };
    const { body } = pullRequestText({ ...facts, change, result: 'Done' });
    expect(body).toMatch(/^> \[!WARNING\]\n> \*\*A person has to review this before it is merged/);
    expect(body).toContain('| `protected-path` | `.github/x.yml` | `It is` |');
  });
});
