/** The real programs go on with a session that another run of theirs left, and tell their model of it. */
import { describe, expect, onTestFinished, test } from 'vitest';
import { artifactsOf, NO_BOTTLE, openScene } from '../action/scene.ts';
import { manifestFor, runScene, serveModel, TOKEN } from '../agent/real-scene.ts';
import { REAL_AGENTS, whyNotInstalled } from '../agent-binary/agents.ts';

const SLOW_MS = 120_000;

describe.each(REAL_AGENTS)('%s', (agent) => {
  const obstacle = NO_BOTTLE || whyNotInstalled(agent);

  test(
    'remembers in a second run what was said in the first',
    async ({ skip }) => {
      skip(obstacle !== '', obstacle);
      const scene = await openScene(manifestFor({ agent }));
      onTestFinished(() => scene.close());
      const talk = async (task: string, inputs: Record<string, string>) => {
        const { model, connectTo } = await serveModel(agent, 'hello');
        const request = { env: { MODEL_TOKEN: TOKEN }, inputs: { task, ...inputs } };
        const { result, text } = await runScene(scene, request, [connectTo]);
        expect(result.outputs.outcome, result.log).toBe('success');
        return {
          result,
          record: JSON.parse(text('run.json')),
          said: JSON.stringify(model.requests),
        };
      };
      const first = await talk('The word is perihelion.', { 'keep-session': 'true' });
      expect(first.record.session, first.result.log).toMatchObject({ state: 'kept', reason: '' });
      expect(first.said).toContain('perihelion');
      const { name = '' } = artifactsOf(first.result).session ?? {};
      const second = await talk('What was the word?', { session: name, 'keep-session': 'true' });
      // What it was told, and what it answered.
      expect(second.said).toContain('perihelion');
      expect(second.said).toContain('größer als 🥊');
      expect(second.said).toContain('What was the word?');
      expect(second.record.session).toMatchObject({
        state: 'kept',
        continued: { artifact: name, session: first.result.outputs.session },
      });
    },
    SLOW_MS,
  );
});
