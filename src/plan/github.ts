/** GitHub's hosts, limited to the repositories that a bottle is for. */
import { BottleError, type Problem } from '../errors.ts';
import type { RouteAuth, RouteMatch, RouteRule } from '../gateway/protocol.ts';
import type { Selected } from '../manifest/manifest.ts';
import { placeOf } from './notice.ts';
import { type Opening, PLACEHOLDER } from './opening.ts';
import { makeRule } from './route.ts';

export type GitHub = {
  /** `owner/repository`, at least one. */
  readonly repositories: readonly string[];
  /** May requests change them? */
  readonly write: boolean;
  /** GraphQL mutations that may pass. */
  readonly mutations: readonly string[];
};

const READ = ['GET', 'HEAD'] as const;
const API = 'api.github.com';
const GIT = 'github.com';

type GitHubHost = {
  /** Absent: it is reached with addresses that GitHub signs. */
  readonly scheme?: RouteAuth['scheme'];
  /** None: the host is not needed. */
  matches(github: GitHub): readonly RouteMatch[];
};

const HOSTS: Readonly<Record<string, GitHubHost>> = {
  [GIT]: { scheme: 'Basic', matches: matchesOfGit },
  [API]: { scheme: 'Bearer', matches: matchesOfApi },
  'uploads.github.com': { scheme: 'Bearer', matches: matchesOfUploads },
  'raw.githubusercontent.com': { scheme: 'Bearer', matches: matchesOfFiles },
  'codeload.github.com': { matches: matchesOfFiles },
  'objects.githubusercontent.com': { matches: () => [{ methods: READ }] },
  'release-assets.githubusercontent.com': { matches: () => [{ methods: READ }] },
};

/** @param own the workflow's repository; empty where there is none. */
export function planGitHub({ bottle }: Selected, own: string): GitHub {
  const { repositories, write = false, mutations = [] } = bottle.egress?.github ?? {};
  return { repositories: repositories ?? (own === '' ? [] : [own]), write, mutations };
}

/** What the preset `github` opens. */
export function openGitHub({ bottle, source }: Selected, github: GitHub): readonly Opening[] {
  if (github.repositories.length === 0) throw noRepository(source('bottle.egress.presets'));
  const token = bottle.egress?.github?.token_ref;
  return Object.entries(HOSTS).flatMap(([host, { scheme, matches: matchesOf }]) => {
    const matches = matchesOf(github);
    if (matches.length === 0) return [];
    const parts = { host, ports: [443], matches, source: 'preset github', ...lookAt(host, github) };
    if (token === undefined || scheme === undefined) return [{ rule: makeRule(parts) }];
    const auth = { scheme, header: 'authorization', name: token };
    const credential = {
      use: 'GitHub',
      source: source('bottle.egress.github.token_ref'),
      placeholders: { GH_TOKEN: PLACEHOLDER, GITHUB_TOKEN: PLACEHOLDER },
    };
    return [{ rule: makeRule({ ...parts, auth }), credential }];
  });
}

/** A credential of GitHub opens all that its owner may do, unless the route says less. */
export function limitToRepositories(
  rule: RouteRule,
  github: GitHub,
): { readonly rule: RouteRule; readonly notices: readonly Problem[] } {
  const { auth, host, source } = rule;
  if (auth === undefined) return { rule, notices: [] };
  const looked = { ...rule, ...lookAt(host, github) };
  if (rule.matches.length > 0 || (host !== GIT && host !== API)) {
    return { rule: looked, notices: [] };
  }
  if (github.repositories.length === 0) throw noRepository(source);
  const matches = HOSTS[host]?.matches(github) ?? [];
  const names = github.repositories.join(', ');
  const message = `${host}, ${source}: without \`matches\`, its credential is for ${names} alone`;
  return { rule: { ...looked, matches }, notices: [{ message, ...placeOf(source) }] };
}

/** Whatever GraphQL's path, a mutation is a matter of its own. */
function lookAt(host: string, { mutations }: GitHub): Pick<RouteRule, 'graphqlMutations'> {
  return host === API || host === '*.github.com' ? { graphqlMutations: mutations } : {};
}

/** Git itself, and the addresses that lead to archives and to the files of a release. */
function matchesOfGit({ repositories, write }: GitHub): readonly RouteMatch[] {
  const git = repositories.map((name) => `/${literally(name)}(\\.git)?`);
  const service = write ? 'git-(upload|receive)-pack' : 'git-upload-pack';
  const files = repositories.flatMap((name) => [`/${name}/archive`, `/${name}/releases/download`]);
  return [
    {
      methods: READ,
      paths: pathsOf(
        'regex',
        git.map((root) => `${root}/info/refs`),
      ),
    },
    {
      methods: ['POST'],
      paths: pathsOf(
        'regex',
        git.map((root) => `${root}/${service}`),
      ),
    },
    { methods: READ, paths: pathsOf('prefix', files) },
  ];
}

/** Who may write changes what is in a repository; to delete or to rename it is not part of that. */
function matchesOfApi({ repositories, write }: GitHub): readonly RouteMatch[] {
  const roots = repositories.map((name) => `/repos/${name}`);
  const within = roots.map((root) => `${literally(root)}/[^/].*`);
  return [
    { methods: READ, paths: pathsOf('prefix', roots) },
    ...(write ? [{ paths: pathsOf('regex', within) }] : []),
    { methods: ['POST'], paths: pathsOf('exact', ['/graphql']) },
  ];
}

function matchesOfUploads({ repositories, write }: GitHub): readonly RouteMatch[] {
  if (!write) return [];
  const releases = repositories.map((name) => `/repos/${name}/releases`);
  return [{ methods: ['POST'], paths: pathsOf('prefix', releases) }];
}

function matchesOfFiles({ repositories }: GitHub): readonly RouteMatch[] {
  const roots = repositories.map((name) => `/${name}`);
  return [{ methods: READ, paths: pathsOf('prefix', roots) }];
}

/** A prefix ends where a segment does. */
function pathsOf(type: 'exact' | 'prefix' | 'regex', values: readonly string[]) {
  return values.map((value) => ({ type, value }));
}

/** Of all that a repository's name may hold, a regular expression reads only the dot in its own way. */
function literally(name: string): string {
  return name.replaceAll('.', '\\.');
}

function noRepository(source: string): BottleError {
  return new BottleError({
    outcome: 'config-invalid',
    what: "There is no repository to limit GitHub's routes to",
    where: `${source}; GITHUB_REPOSITORY is not set`,
    fix: 'Name them: egress.github.repositories: [owner/repository].',
  });
}
