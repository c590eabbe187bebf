/** What may be reached, and with whose credentials. */
import type { Selected } from '../manifest/manifest.ts';
import type { EnvEntry, ReachPlan, SecretPlan, Sourced } from './plan.ts';
import { ruleOf } from './route.ts';
import { first } from './sourced.ts';

export function planReach(selected: Selected): ReachPlan {
  const { bottle, source } = selected;
  const { mode, presets, routes = [], max_bytes } = bottle.egress ?? {};
  const { tokens, requests } = bottle.limits ?? {};
  const repos = Object.entries(bottle['git-gate']?.repos ?? {});
  return {
    mode: first([mode, source('bottle.egress.mode')], ['enforce', 'default']),
    presets: first([presets, source('bottle.egress.presets')], [[], 'default']),
    routes: routes.map((route, index) =>
      ruleOf(route, source(['bottle', 'egress', 'routes', index, 'host'])),
    ),
    remotes: repos.map(([name, { url }]) => ({
      value: url,
      source: source(['bottle', 'git-gate', 'repos', name, 'url']),
    })),
    limits: {
      tokens: limit(tokens, source('bottle.limits.tokens')),
      requests: limit(requests, source('bottle.limits.requests')),
      bytes: limit(max_bytes, source('bottle.egress.max_bytes')),
    },
  };
}

function limit(value: number | undefined, source: string): Sourced<number | null> {
  return first<number | null>([value, source], [null, 'default']);
}

/**
 * The names of the step's variables that hold credentials, each with what it is for: none for a run
 * without credentials.
 */
export function planSecrets(
  { bottle, source }: Selected,
  env: readonly EnvEntry[],
  dropCredentials: boolean,
): readonly SecretPlan[] {
  if (dropCredentials) return [];
  const ofEnv = env.flatMap((entry) =>
    entry.kind === 'host'
      ? [{ name: entry.hostVar, use: `env ${entry.name}`, source: entry.source }]
      : [],
  );
  const { auth_token: token } = bottle.agent_provider;
  const path = 'bottle.agent_provider.auth_token';
  const ofProvider = token ? [{ name: token, use: 'model API', source: source(path) }] : [];
  const ofRoutes = (bottle.egress?.routes ?? []).flatMap(({ host, auth }, index) => {
    if (auth === undefined) return [];
    const at = ['bottle', 'egress', 'routes', index, 'auth', 'token_ref'];
    return [{ name: auth.token_ref, use: `route ${host}`, source: source(at) }];
  });
  const repos = Object.entries(bottle['git-gate']?.repos ?? {});
  const ofRemotes = repos.flatMap(([repo, { key }]) => {
    if (key?.provider !== 'gitea') return [];
    const at = ['bottle', 'git-gate', 'repos', repo, 'key', 'provisioner_token'];
    return [{ name: key.provisioner_token, use: `git remote ${repo}`, source: source(at) }];
  });
  return [...ofEnv, ...ofProvider, ...ofRoutes, ...ofRemotes];
}
