/** Where this action keeps, on the runner, what later jobs may use or must know of. */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Host, HostPath } from './host/host.ts';

/** The tool cache outlives the job where the runner does; RUNNER_TEMP is emptied with each. */
export function toolCache(env: Host['env']): HostPath {
  return join(env.RUNNER_TOOL_CACHE || env.RUNNER_TEMP || tmpdir(), 'bottle');
}
