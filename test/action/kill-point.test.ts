/** Ends the step at every line of its log: the outcome is right, and after post nothing is left. */
import { randomUUID } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { StepResult } from '../runner/run-step.ts';
import { openScene, type Scene, scripted, skipWithoutBottle } from './scene.ts';

skipWithoutBottle();

/** Talks long enough for thirty points; its children would survive it if they could. */
const AGENT = `
  (trap '' TERM INT; sleep 300) &
  echo made >"$BOTTLE_OUTPUT_DIR/made.txt"
  for word in one two three four five six seven eight nine ten; do echo $word; sleep 0.02; done
  kill %1
`;
/** Log lines of such a run up to the end of its clean-up; 0 is the moment after the start. */
const POINTS = 31;
/** From here on the run had ended before the signal came: the line after "Clean up". */
const OVER = '##[group]Clean up';

async function endAt(scene: Scene, point: number, how: 'cancel' | 'kill') {
  const reached = Promise.withResolvers<void>();
  const lines: string[] = [];
  const step = await scene.start({
    onLine: (line, stage) => {
      if (stage !== 'main') return;
      lines.push(line);
      if (lines.length === point) reached.resolve();
    },
  });
  if (point === 0) reached.resolve();
  // A run with fewer lines than that is over; its end is the last point.
  await Promise.race([reached.promise, step.result]);
  const before = [...lines];
  await step[how]();
  return { result: await step.result, before };
}

/** Guests know the run by this variable, and by nothing else that the runner could search for. */
const MARK = `MARK=${randomUUID()}`;

/** Processes that the agents of these runs left, whatever they made of themselves. */
function guestsLeft(): string[] {
  return globSync('/proc/[0-9]*/environ').filter((path) => {
    try {
      return readFileSync(path, 'utf8').includes(MARK);
    } catch {
      return false;
    }
  });
}

function expectNothingLeft(result: StepResult) {
  expect(result.orphans, result.log).toEqual([]);
  expect(result.leftovers, result.log).toEqual([]);
}

describe('a step that is ended from outside', () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await openScene(scripted(AGENT, { env: { MARK: MARK.slice('MARK='.length) } }));
  });
  // Runs go side by side, so that only the end of all shows what is left of any.
  afterAll(async () => {
    expect(guestsLeft()).toEqual([]);
    await scene.close();
  });

  const points = Array.from({ length: POINTS }, (_, point) => point);

  test.concurrent.each(points)('cancelled at line %i', async (point) => {
    const { result, before } = await endAt(scene, point, 'cancel');
    expectNothingLeft(result);
    // 7.5 s until SIGTERM: the step has said its last word by then.
    expect(result.signal === null || point === 0, result.log).toBe(true);
    if (before.length === 0) return;
    const expected = before.includes(OVER) ? ['success', 'cancelled'] : ['cancelled'];
    expect(expected, result.log).toContain(result.outputs.outcome);
    expect(result.summary).toContain(`outcome \`${result.outputs.outcome}\``);
    const files = await scene.artifact(result);
    expect([...files.keys()]).toContain('run.json');
    if (before.some((line) => line.endsWith('| ten'))) {
      expect(files.get('outputs/made.txt')?.toString()).toBe('made\n');
    }
  });

  test.concurrent.each(points.filter((point) => point % 3 === 0))(
    'killed at line %i',
    async (point) => {
      const { result } = await endAt(scene, point, 'kill');
      expectNothingLeft(result);
    },
  );
});
