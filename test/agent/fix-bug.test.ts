/** Each agent corrects the bug of examples/fix-bug, through gateway and git-gate, and leaves the same. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { runRecordSchema } from '../../src/report/record.ts';
import { exampleFiles } from '../action/example.ts';
import { NO_BOTTLE, openScene } from '../action/scene.ts';
import { REAL_AGENTS, VERSIONS, whyNotInstalled } from '../agent-binary/agents.ts';
import { assertCredential } from '../model-server/request-record.ts';
import { loadScenario, type ScenarioSource } from '../model-server/scenario.ts';
import { gitServer } from '../upstream/git-server.ts';
import { startUpstream } from '../upstream/upstream.ts';
import { hostsIn, runScene, serveModel, TOKEN, VENDORS } from './real-scene.ts';

const SLOW_MS = 180_000;
const SITE = 'git.example.test';
const SITE_TOKEN = 'site-5d2e8f60a4b17f3a9b1c-token';
const PUSH = `git push -q https://${SITE}/site HEAD:refs/heads/bots/fix`;

/** Laid over the agent's own bottle: where its commits may go. */
const GATE = `---
git-gate:
  repos:
    site:
      url: https://${SITE}/site
      key: { provider: token, token_ref: SITE_TOKEN }
      branches: ["bots/**"]
---
`;

/** The variables that the example's bottles name. */
const TOKENS = ['ANTHROPIC_API_KEY', 'OPENAI_API_KEY', 'GEMINI_API_KEY', 'MODELS_API_KEY'];

const ARTIFACT = ['agent.log', 'changes.patch', 'egress.jsonl', 'outputs/report.md'];

/** The bug's scenario, and one turn more, in which the commit is pushed. */
function scenario(): ScenarioSource {
  const { turns, ...rest } = loadScenario('fix-bug');
  const push = { say: [{ shell: PUSH }] };
  return { ...rest, turns: [...turns.slice(0, -1), push, ...turns.slice(-1)] };
}

/** The upstream that the gate speaks to, which has the example's first commit. */
async function serveSite(workspace: string) {
  const root = mkdtempSync(join(tmpdir(), 'site-'));
  onTestFinished(() => rmSync(root, { recursive: true }));
  const bare = join(root, 'site');
  execFileSync('git', ['clone', '-q', '--bare', workspace, bare]);
  const authorization = `Basic ${Buffer.from(`x-access-token:${SITE_TOKEN}`).toString('base64')}`;
  const upstream = await startUpstream({
    names: [SITE],
    respond: gitServer(root, { authorization }),
  });
  onTestFinished(() => upstream.close());
  const git = (...args: string[]) =>
    execFileSync('git', ['-C', bare, ...args], { encoding: 'utf8' }).trim();
  const [{ toPort } = { toPort: 0 }] = upstream.connectTo;
  return { git, connectTo: `${SITE}:443=127.0.0.1:${toPort}` };
}

async function fixBug(bottle: string, connectTo: readonly string[]) {
  const files: Record<string, string> = exampleFiles('fix-bug');
  const script = `${files['agent.sh']}${PUSH}\n`;
  const scene = await openScene({
    ...files,
    'agent.sh': script,
    '.bot-bottle/bottles/gate.md': GATE,
  });
  onTestFinished(() => scene.close());
  const site = await serveSite(scene.workspace);
  const env = Object.fromEntries(TOKENS.map((name) => [name, TOKEN]));
  const run = await runScene(
    scene,
    {
      env: { ...env, SITE_TOKEN },
      inputs: { agent: 'fixer', bottle: `${bottle},gate`, task: 'Correct the bug.' },
    },
    [...connectTo, site.connectTo],
  );
  return { ...run, site };
}

function expectFixed({ result, text, artifact, audit, site }: Awaited<ReturnType<typeof fixBug>>) {
  expect(result.outputs.outcome, result.log).toBe('success');
  expect(text('changes.patch')).toContain(
    "+  return title.trim().toLowerCase().replaceAll(' ', '-')",
  );
  expect(text('outputs/report.md')).toMatch(/^Only the first space/);
  expect([...artifact.keys()]).toEqual(expect.arrayContaining(ARTIFACT));
  // What went through the gate is what came back: one commit, by the manifest's own committer.
  const said = site.git('log', '-1', '--format=%s|%an <%ae>', 'bots/fix');
  expect(said).toBe('Make a dash of every space in a title|Fixer <fixer@example.com>');
  expect(audit).toContainEqual(expect.objectContaining({ type: 'push', verdict: 'forwarded' }));
  const record = runRecordSchema.parse(JSON.parse(text('run.json')));
  expect(record).toMatchObject({ outcome: 'success', exitCode: 0, secretsFound: 0 });
  expect(record.change.files).toEqual([{ path: 'slug.js', added: 1, removed: 1 }]);
  return record;
}

test('a script', async ({ skip }) => {
  skip(NO_BOTTLE !== '', NO_BOTTLE);
  const run = await fixBug('script', []);
  expect(expectFixed(run).agent.provider).toBe('command');
  expect(hostsIn(run.audit)).toEqual([]);
}, 60_000);

for (const agent of REAL_AGENTS) {
  test(
    `${agent} ${VERSIONS[agent]}`,
    async ({ skip }) => {
      const obstacle = NO_BOTTLE || whyNotInstalled(agent);
      skip(obstacle !== '', obstacle);
      const { model, credential, connectTo } = await serveModel(agent, scenario());
      const run = await fixBug(agent, [connectTo]);
      expect(expectFixed(run).agent.provider).toBe(agent);
      expect(run.result.log).toContain(VERSIONS[agent]);
      expect(model.surprises).toEqual([]);
      assertCredential(model.requests, credential);
      expect(hostsIn(run.audit)).toEqual([VENDORS[agent].host]);
    },
    SLOW_MS,
  );
}
