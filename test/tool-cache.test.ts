/** One directory for everything that outlives a job. */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { toolCache } from '../src/tool-cache.ts';

test.each([
  ['the tool cache', { RUNNER_TOOL_CACHE: '/tools', RUNNER_TEMP: '/temp' }, '/tools/bottle'],
  ['RUNNER_TEMP without one', { RUNNER_TEMP: '/temp' }, '/temp/bottle'],
  [
    'empty is as good as absent',
    { RUNNER_TOOL_CACHE: '', RUNNER_TEMP: '' },
    join(tmpdir(), 'bottle'),
  ],
])('%s', (_, env, directory) => {
  expect(toolCache(env)).toBe(directory);
});
