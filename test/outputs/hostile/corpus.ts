/** All hostile archives that have a name. */
import { COLLISIONS } from './collision.ts';
import type { Hostile } from './hostile.ts';
import { MEMBERS } from './member.ts';
import { NAMES } from './name.ts';
import { STREAMS } from './stream.ts';

export const CORPUS: readonly Hostile[] = [...NAMES, ...COLLISIONS, ...MEMBERS, ...STREAMS];
