/** The plan's page in the step summary: what stands in it, and that only we write Markdown there. */
import fc from 'fast-check';
import { fromMarkdown } from 'mdast-util-from-markdown';
import { gfmFromMarkdown } from 'mdast-util-gfm';
import { gfm } from 'micromark-extension-gfm';
import { expect, test } from 'vitest';
import type { RouteRule } from '../../src/gateway/protocol.ts';
import type { GitPlan, RemotePlan } from '../../src/plan/git-plan.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { renderPlan } from '../../src/report/plan-summary.ts';
import { PLAN } from '../report/scenario.ts';

type Node = { type: string; value?: string; children?: Node[] };

function parse(markdown: string): Node {
  const options = { extensions: [gfm()], mdastExtensions: [gfmFromMarkdown()] };
  return fromMarkdown(markdown, options) as Node;
}

/** All but the content of code: what a reader could take for ours. */
function skeleton(node: Node): unknown {
  const value = node.type === 'inlineCode' ? '' : node.value;
  return [node.type, value, node.children?.map(skeleton)];
}

function routeSaying(text: string): RouteRule {
  return {
    host: text,
    ports: [443],
    tls: 'open',
    auth: { scheme: 'header', header: text, name: text },
    matches: [
      { paths: [{ type: 'regex', value: text }], headers: [{ name: text, value: text }] },
      { methods: [text] },
    ],
    dlp: { outbound: ['entropy'], inbound: [], onMatch: 'block' },
    source: text,
  };
}

function gitSaying(text: string): GitPlan {
  const sourced = { value: text, source: text };
  const listed = { value: [text, text], source: text };
  const policy = PLAN.git.policy.value;
  const remote: RemotePlan = {
    name: text,
    url: sourced,
    guestUrl: text,
    insteadOf: [text],
    credential: { value: { kind: 'key-file', path: text }, source: text },
    hostKey: sourced,
    push: { value: 'record', source: text },
    allowForce: { value: true, source: text },
    refs: listed,
  };
  return {
    policy: {
      value: { ...policy, protectedPaths: [{ glob: text, action: 'review' }] },
      sources: { ...PLAN.git.policy.sources, protectedPaths: text },
    },
    remotes: [remote],
    origin: text,
    push: {
      mode: { value: 'branch', source: text },
      branch: sourced,
      base: sourced,
      title: sourced,
      draft: { value: true, source: text },
      labels: listed,
      reviewers: listed,
      number: { value: 7, source: 'the event' },
      comment: { value: true, source: text },
    },
  };
}

/** A plan in which `text` stands wherever a manifest or an input can put one. */
function planSaying(text: string): Plan {
  const sourced = { value: text, source: text };
  const limit = { value: 1, source: text };
  return {
    ...PLAN,
    agent: { ...PLAN.agent, argv: [text], name: sourced, bottles: { value: [text], source: text } },
    image: { value: { kind: 'smolmachine', reference: text, sha256: '' }, source: text },
    env: [{ name: text, kind: 'literal', value: '', source: text }],
    outputs: { value: [text, text], source: text },
    artifact: { ...PLAN.artifact, name: text },
    provision: {
      ...PLAN.provision,
      workspace: { from: text, to: text, exclude: [text], pinned: [] },
      skills: { list: [{ name: text, from: text }], to: text },
      gitUser: { name: text, email: text },
    },
    reach: {
      mode: { value: 'learn', source: text },
      presets: { value: [text], source: text },
      routes: [routeSaying(text)],
      limits: { tokens: limit, requests: limit, bytes: limit },
    },
    git: gitSaying(text),
    secrets: [{ name: text, use: text, source: text }],
    notices: [{ message: text, file: text, line: 1 }],
  };
}

const HOSTILE = [
  '`|<img src=x onerror=alert(1)>',
  '``` | @org/team #1 closes #2',
  'a](https://evil.example) ![x](https://evil.example/b.png)',
  '\n\n# PASS\n\n<details>',
  '| x | y |\n|---|---|',
  '\u202egpj.exe \u200b\x1b[31m',
  '\\`\\|`|`',
];

const innocent = skeleton(parse(renderPlan(planSaying('text'))));

test.each(HOSTILE)('the page keeps its form with %j in it', (text) => {
  expect(skeleton(parse(renderPlan(planSaying(text))))).toEqual(innocent);
});

test('the page keeps its form with any text in it', () => {
  const text = fc.string({
    minLength: 1,
    maxLength: 300,
    unit: fc.constantFrom(...'a`|\\<>[]()@#\n -*_:/.!&~'),
  });
  fc.assert(
    fc.property(text, (given) => {
      expect(skeleton(parse(renderPlan(planSaying(given))))).toEqual(innocent);
    }),
    { numRuns: 200 },
  );
});

test('a plan of thousands of entries makes a page that GitHub takes', () => {
  const many = Array.from({ length: 5000 }, (_, index) => `${'🍾'.repeat(300)}${index}`);
  const page = renderPlan({
    ...PLAN,
    env: many.map((name) => ({ name, kind: 'host', hostVar: name, source: name })),
    secrets: many.map((name) => ({ name, use: name, source: name })),
    reach: { ...PLAN.reach, routes: many.map(routeSaying) },
  });
  expect(Buffer.byteLength(page)).toBeLessThan(1024 * 1024);
  expect(page).toContain('more, in the log');
});
