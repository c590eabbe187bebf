/** How git serves the gate's repositories: strictly, and as if nobody had configured anything. */
import { STRICT_RECEIVE } from '../../git-check/pack.ts';
import { GIT_CONFIG, GIT_ENVIRONMENT } from '../../git-settings.ts';
import type { GitGateConfig, GitRepository } from '../protocol.ts';

/** Of one push, packed. */
export const MAX_PACK_BYTES = 1024 * 1024 * 1024;

export function servingArgv(
  { program }: GitGateConfig,
  { push, allowForce }: GitRepository,
  hooks: string,
): string[] {
  const settings = {
    'core.hooksPath': hooks,
    // Else git would start one in the runner's checkout, to hear what it has.
    'core.alternateRefsCommand': 'true',
    'core.bigFileThreshold': '32m',
    'http.getanyfile': false,
    'http.uploadpack': true,
    'http.receivepack': push !== 'refuse',
    'uploadpack.allowFilter': true,
    'receive.denyDeletes': !allowForce,
    'receive.denyNonFastForwards': !allowForce,
    'receive.maxInputSize': MAX_PACK_BYTES,
    // Always as a pack, which is read as a stream and not object by object.
    'receive.unpackLimit': 1,
    'receive.autogc': false,
    'receive.advertisePushOptions': false,
  };
  const pairs = Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`]);
  return [program, ...GIT_CONFIG, ...STRICT_RECEIVE, ...pairs];
}

export function servingEnvironment({ path, directory }: GitGateConfig): Record<string, string> {
  return { PATH: path, HOME: directory, ...GIT_ENVIRONMENT };
}
