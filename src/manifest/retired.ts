/** Keys that manifests once had, and what to write instead. */

const EGRESS_ROUTES = 'list hosts under `egress.routes`, each with its `auth`';
const GIT_REPOS = 'use `git-gate.repos`: the repository’s name, then `url`, `host_key` and `key`';
const GIT_USER = 'use `git-gate.user` with `name` and `email`';
const SUPERVISE = 'supervision is always on; remove it';
const NO_PIPELOCK = 'pipelock is gone; checks are under the route’s `dlp`';

const ROUTE = {
  role: 'it was reserved and never meant anything; remove it',
  path_allowlist: 'use `matches`: a list with `paths: [{type: prefix, value: /…}]`',
  pipelock: NO_PIPELOCK,
  token_ref: 'it stands under `auth`, beside `scheme`',
};

/**
 * By the place in a manifest: map keys and list members are `*`. A key that the schema accepts at
 * that place is never looked up here.
 */
const RETIRED: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'bottles.*': {
    tokens: EGRESS_ROUTES,
    cred_proxy: EGRESS_ROUTES,
    egress_proxy: EGRESS_ROUTES,
    git: GIT_REPOS,
    git_user: GIT_USER,
    ssh: GIT_REPOS,
    runtime: 'use `engine: smolvm` or `engine: bubblewrap`',
    supervise: SUPERVISE,
    pipelock: NO_PIPELOCK,
  },
  'bottles.*.agent_provider': {
    dockerfile: 'use `image.from` (an OCI image with its digest) or `image.smolfile`',
  },
  'bottles.*.egress': {
    allowlist: EGRESS_ROUTES,
    supervise: SUPERVISE,
  },
  'bottles.*.egress.routes.*': ROUTE,
  'bottles.*.egress_groups.*.*': ROUTE,
  'bottles.*.git-gate': {
    remotes: GIT_REPOS,
    upstreams: GIT_REPOS,
  },
  'bottles.*.git-gate.repos.*': {
    Name: 'the repository’s name is the key above',
    Upstream: 'use `url`',
    KnownHostKey: 'use `host_key`',
    IdentityFile: 'use `key: {provider: static, path: …}`',
    identity: 'use `key: {provider: static, path: …}`',
    provisioned_key: 'use `key: {provider: gitea, provisioner_token: …}`',
    ExtraHosts: 'the gate resolves names itself; remove it',
  },
  'agents.*': {
    git: GIT_USER,
    git_user: GIT_USER,
    env: 'variables belong to the bottle; use the bottle’s `env`',
    egress: 'what may be reached belongs to the bottle; an agent cannot widen it',
  },
  'agents.*.git-gate': {
    repos: 'remotes and their keys belong to the bottle; an agent cannot add any',
  },
};

/** What to write instead of `key` at `place`, or undefined when it was never a key. */
export function replacementOf(place: string, key: string): string | undefined {
  const retired = RETIRED[place];
  return retired !== undefined && Object.hasOwn(retired, key) ? retired[key] : undefined;
}
