/** The smolvm engine, on the double, against what must hold on any engine. */
import { test } from 'vitest';
import { openDouble, whyNoDouble } from '../smolvm-double/double.ts';
import { engineBehaviour } from './engine-behaviour.ts';

const obstacle = whyNoDouble();

async function boot() {
  const scene = await openDouble();
  const machine = await scene.boot();
  return { ...machine, destroy: () => machine.destroy().finally(scene.close) };
}

if (obstacle === '') engineBehaviour('smolvm', boot);
else test('smolvm: a machine', (context) => context.skip(obstacle));
