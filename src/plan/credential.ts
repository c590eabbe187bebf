/** The credentials of a run: their names, and a bottle that goes without them. */
import type { Problem } from '../errors.ts';
import type { Selected } from '../manifest/manifest.ts';
import { placeOf } from './notice.ts';
import type { Opening } from './opening.ts';
import type { EnvEntry, SecretPlan } from './plan.ts';
import type { ManifestRoute } from './route.ts';

type WithoutCredentials = {
  readonly selected: Selected;
  /** One for each credential that something would have had. */
  readonly notices: readonly Problem[];
};

/** The same hosts, and nothing to show to them. */
export function dropCredentials(selected: Selected): WithoutCredentials {
  const { bottle, source } = selected;
  const { agent_provider, egress = {}, egress_groups = {} } = bottle;
  const { auth_token, ...provider } = agent_provider;
  const { token_ref, ...github } = egress.github ?? {};
  const { routes = [], presets = [] } = egress;
  const groups = presets.flatMap((name) =>
    authsOf(egress_groups[name] ?? [], 'egress_groups', name),
  );
  const named = [
    ...(auth_token ? [['agent_provider', 'auth_token']] : []),
    ...(token_ref ? [['egress', 'github', 'token_ref']] : []),
    ...authsOf(routes, 'egress', 'routes'),
    ...groups,
  ];
  const without = {
    ...bottle,
    agent_provider: provider,
    egress: { ...egress, github, routes: routes.map(withoutAuth) },
    egress_groups: Object.fromEntries(
      Object.entries(egress_groups).map(([name, list]) => [name, list.map(withoutAuth)]),
    ),
  };
  return {
    selected: { ...selected, bottle: without },
    notices: named.map((path) => noticeOf(spell(path), source(['bottle', ...path]))),
  };
}

/** What a run without credentials goes without. */
export function noticeOf(what: string, source: string): Problem {
  const message = `${what}, ${source}: dropped, a fork's run gets no credentials`;
  return { message, ...placeOf(source) };
}

function authsOf(routes: readonly ManifestRoute[], ...path: readonly string[]): string[][] {
  return routes.flatMap(({ auth }, index) => (auth ? [[...path, String(index), 'auth']] : []));
}

/** `egress.routes[0].auth`. */
function spell(path: readonly string[]): string {
  return path.join('.').replace(/\.(\d+)(?=\.|$)/g, '[$1]');
}

function withoutAuth({ auth: _, ...route }: ManifestRoute): ManifestRoute {
  return route;
}

/**
 * The names of the step's variables that hold credentials, each with what it is for: none for a run
 * without credentials.
 */
export function planSecrets(
  { bottle, source }: Selected,
  env: readonly EnvEntry[],
  openings: readonly Opening[],
): readonly SecretPlan[] {
  const ofEnv = env.flatMap((entry) =>
    entry.kind === 'host'
      ? [{ name: entry.hostVar, use: `env ${entry.name}`, source: entry.source }]
      : [],
  );
  const ofRoutes = openings.flatMap(({ rule: { auth }, credential }) =>
    auth && credential ? [{ name: auth.name, use: credential.use, source: credential.source }] : [],
  );
  const repos = Object.entries(bottle['git-gate']?.repos ?? {});
  const ofRemotes = repos.flatMap(([repo, { key }]) => {
    const from = (field: string) => source(['bottle', 'git-gate', 'repos', repo, 'key', field]);
    const use = `git remote ${repo}`;
    if (key?.provider === 'token') return [{ name: key.token_ref, use, source: from('token_ref') }];
    if (key?.provider === 'gitea')
      return [{ name: key.provisioner_token, use, source: from('provisioner_token') }];
    return [];
  });
  const byUse = new Map(ofRoutes.map((secret) => [`${secret.name} ${secret.use}`, secret]));
  return [...ofEnv, ...byUse.values(), ...ofRemotes];
}
