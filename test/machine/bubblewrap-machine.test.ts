/** The bubblewrap engine against what must hold on any engine. */
import { test } from 'vitest';
import { bootBottle, whyNoBottle } from './bottle.ts';
import { engineBehaviour } from './engine-behaviour.ts';

const obstacle = await whyNoBottle();

if (obstacle === '') engineBehaviour('bubblewrap', bootBottle);
else test('bubblewrap: a machine', (context) => context.skip(obstacle));
