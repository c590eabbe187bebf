/** The page about the plan shows what the plan of its own manifest shows. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { renderPlan } from '../../src/report/plan-summary.ts';
import { planOf, stubProvider } from './scene.ts';

const page = readFileSync(new URL('../../docs/plan.md', import.meta.url), 'utf8');

async function exampleOfPage(): Promise<string> {
  const [, manifest = ''] = /```yaml\n(# bot-bottle\.yml\n[\s\S]*?)```/.exec(page) ?? [];
  const plan = await planOf(
    { 'bot-bottle.yml': manifest },
    {
      inputs: { agent: 'reviewer', minutes: 5, idleMinutes: 0 },
      provider: stubProvider('command', ['sh', 'review.sh']),
      task: 'Review the last commit.',
      skills: [{ name: 'verify', from: '/checkout/skills/verify' }],
      hostVariables: new Set(['NPM_TOKEN']),
      facts: { cores: 4, memoryMib: 16_384, freeMemoryMib: 15_000, freeDiskGib: 100 },
      suffix: 'k3x9q',
    },
  );
  return renderPlan(plan);
}

test('docs/plan.md shows what its manifest and its inputs give', async () => {
  const [, shown] = /<!-- begin -->\n\n([\s\S]*?)\n\n<!-- end -->/.exec(page) ?? [];
  // In the page it stands below a heading of its own.
  const example = (await exampleOfPage())
    .trim()
    .replace(/^## .*\n\n/, '')
    .replace(/^### /gm, '#### ');
  expect(shown).toBe(example);
});

test.each(['input', 'manifest', 'default', 'egress.routes', 'CLAUDE_BOTTLE_GUEST_SKILLS_DIR'])(
  'docs/plan.md speaks of %s',
  (word) => {
    expect(page).toContain(word);
  },
);
