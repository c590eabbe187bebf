/** The example of an agent of one's own: twenty lines that use a model through the gateway. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { runRecordSchema } from '../../src/report/record.ts';
import { exampleFiles } from '../action/example.ts';
import { NO_BOTTLE, openScene, ROOT } from '../action/scene.ts';
import { findProgram } from '../agent-binary/on-path.ts';
import { assertCredential } from '../model-server/request-record.ts';
import type { ScenarioSource } from '../model-server/scenario.ts';
import { hostsIn, runScene, serveModel, TOKEN } from './real-scene.ts';

const OBSTACLE = NO_BOTTLE || (findProgram('python3') ? '' : 'needs python3');
const PLACEHOLDER = /ANTHROPIC_API_KEY|placeholder/;

async function runExample(scenario: string | ScenarioSource) {
  const scene = await openScene(exampleFiles('own-agent'));
  onTestFinished(() => scene.close());
  const server = await serveModel('claude', scenario);
  const request = {
    env: { ANTHROPIC_API_KEY: TOKEN },
    inputs: { agent: 'greeter', task: 'Let greeting.txt greet the world.' },
  };
  return { ...server, ...(await runScene(scene, request, [server.connectTo])) };
}

test('has twenty lines', () => {
  const lines = readFileSync(join(ROOT, 'examples/own-agent/agent.py'), 'utf8').trim().split('\n');
  expect(lines.length).toBeLessThanOrEqual(20);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(100);
});

test('does what its model says, with a key that it never sees', async ({ skip }) => {
  skip(OBSTACLE !== '', OBSTACLE);
  const { result, text, audit, model, credential } = await runExample('two-commands');
  expect(result.outputs, result.log).toMatchObject({
    outcome: 'success',
    result: 'The greeting is complete now.',
  });
  expect(model.surprises).toEqual([]);
  assertCredential(model.requests, credential);
  for (const { raw } of model.requests) expect(raw).not.toMatch(PLACEHOLDER);
  expect(model.requests[0]?.raw).toContain('You work in a shell.');
  expect(hostsIn(audit)).toEqual(['api.anthropic.com']);
  expect(text('changes.patch')).toContain('+hello, world');

  const events = text('transcript.jsonl').trim().split('\n');
  const told = events.map((line) => JSON.parse(line)).map(({ type, turn }) => `${turn} ${type}`);
  const turn = (at: number) => ['usage', 'tool-call', 'tool-result'].map((type) => `${at} ${type}`);
  expect(told).toEqual([...turn(1), ...turn(2), '3 usage', '3 finished']);
  expect(result.log).toMatch(/^##\[group\]Turn 2$/m);

  expect(text('transcript.md')).toContain('## Turn 2\n');
  expect(text('transcript.md')).toContain('**Tool** `shell`');

  const record = runRecordSchema.parse(JSON.parse(text('run.json')));
  expect(record.agent).toMatchObject({
    ...{ provider: 'command', turns: 3, tools: [{ name: 'shell', calls: 2 }] },
    tokens: { input: 1380, output: 102 },
  });
  expect(record.usage.tokens).toMatchObject({ input: 1380, output: 102, cacheRead: 2500 });
  expect(record.usage.costUsd).toBeCloseTo((1380 * 3 + 102 * 15 + 2500 * 0.3) / 1e6, 6);
}, 60_000);

test('whose model says no has failed for that reason', async ({ skip }) => {
  skip(OBSTACLE !== '', OBSTACLE);
  const { result } = await runExample('rate-limited');
  expect(result.outputs, result.log).toMatchObject({
    ...{ outcome: 'agent-failed', 'failure-reason': 'rate-limited', 'exit-code': '1' },
  });
}, 60_000);
