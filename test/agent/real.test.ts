/** The real programs, through the built bundles: bottle, gateway, model server; no other network. */
import { describe, expect, test } from 'vitest';
import { NO_BOTTLE } from '../action/scene.ts';
import { REAL_AGENTS, VERSIONS, whyNotInstalled } from '../agent-binary/agents.ts';
import { assertCredential } from '../model-server/request-record.ts';
import { hostsIn, runReal, VENDORS } from './real-scene.ts';

const SLOW_MS = 120_000;
/** Its first and its retries, with what it asks beside. */
const MOST_REQUESTS = 12;

describe.each(REAL_AGENTS)('%s', (agent) => {
  const obstacle = NO_BOTTLE || whyNotInstalled(agent);

  test(
    'reads a file, writes it, and speaks to its model alone',
    async ({ skip }) => {
      skip(obstacle !== '', obstacle);
      const run = await runReal({ agent, scenario: 'two-commands' });
      const { result, text, audit, model, credential } = run;
      expect(result.outputs.outcome, result.log).toBe('success');
      expect(model.surprises).toEqual([]);
      expect(model.turns()).toBe(3);
      assertCredential(model.requests, credential);
      expect(text('changes.patch')).toContain('+hello, world');
      expect(result.log).toContain(`${VERSIONS[agent]} came from the tool cache: sha512-`);
      expect(hostsIn(audit)).toEqual([VENDORS[agent].host]);
    },
    SLOW_MS,
  );

  test(
    'is turned away again and again, gives up soon, and is not green',
    async ({ skip }) => {
      skip(obstacle !== '', obstacle);
      const { result, text, model } = await runReal({ agent, scenario: 'rate-limited' });
      expect(result.outputs, result.log).toMatchObject({
        ...{ outcome: 'agent-failed', 'failure-reason': 'rate-limited' },
      });
      expect(model.requests.length).toBeLessThanOrEqual(MOST_REQUESTS);
      const { usage, agent: told } = JSON.parse(text('run.json'));
      expect(usage.tokens).toMatchObject({ input: 0, output: 0 });
      expect(told.provider).toBe(agent);
    },
    SLOW_MS,
  );
});
