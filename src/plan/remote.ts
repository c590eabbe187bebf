/** The repositories that the gate serves: the checkout's own, and those of `git-gate.repos`. */
import { BottleError, type Problem } from '../errors.ts';
import type { ResolvedBottle } from '../manifest/manifest.ts';
import { RELAY_PORT } from '../relay/relay.ts';
import { type Address, isSameRepository, parseAddress, spellingsOf } from './address.ts';
import { noticeOf } from './credential.ts';
import type { GitPlan, PushRule, RemoteCredential, RemotePlan } from './git-plan.ts';
import type { PlanRequest } from './make-plan.ts';
import { placeOf } from './notice.ts';
import type { Sourced } from './plan.ts';
import { first } from './sourced.ts';

type RemoteRequest = Pick<PlanRequest, 'checkout' | 'inputs' | 'selected' | 'trust'>;
type Repo = NonNullable<NonNullable<ResolvedBottle['git-gate']>['repos']>[string];

export type Remotes = Pick<GitPlan, 'remotes' | 'origin'> & {
  readonly notices: readonly Problem[];
};

const BRANCHES = 'refs/heads/';
const ALL_BRANCHES = [`${BRANCHES}**`];
/** What stays on the runner may have any name. */
const ALL_REFS = [...ALL_BRANCHES, 'refs/tags/**'];

/** @throws {BottleError} `config-invalid` for a remote that is to be pushed to and cannot be. */
export function planRemotes(request: RemoteRequest): Remotes {
  const { checkout, selected } = request;
  const repos = Object.entries(selected.bottle['git-gate']?.repos ?? {});
  const own = parseAddress(checkout.origin);
  const planned = repos.map(([name, repo]) => planRemote(request, name, repo, own));
  const notices = planned.flatMap((each) => each.notices);
  const remotes = planned.map(({ remote }) => remote);
  const named = planned.find(({ isOwn }) => isOwn)?.remote;
  if (named !== undefined || own === undefined) {
    const others = remotes.filter((remote) => remote !== named);
    return { remotes: [...(named ? [named] : []), ...others], origin: named?.name ?? '', notices };
  }
  const origin = originOf(request, own, new Set(repos.map(([name]) => name)));
  return { remotes: [origin, ...remotes], origin: origin.name, notices };
}

/** Nobody wrote it down, so nothing is forwarded: what becomes of the change is `push`'s to say. */
function originOf(request: RemoteRequest, own: Address, taken: ReadonlySet<string>): RemotePlan {
  let name = 'origin';
  while (taken.has(name)) name = `_${name}`;
  const from = <T>(value: T) => ({ value, source: 'checkout' });
  return {
    ...placed(name, own),
    url: from(httpsOf(own)),
    credential: from(tokenFor(request, own)),
    hostKey: from(''),
    push: from('record'),
    allowForce: from(true),
    refs: from(ALL_REFS),
  };
}

function planRemote(
  request: RemoteRequest,
  name: string,
  repo: Repo,
  own: Address | undefined,
): { readonly remote: RemotePlan; readonly isOwn: boolean; readonly notices: readonly Problem[] } {
  const { source } = request.selected;
  const at = (...path: readonly string[]) => source(['bottle', 'git-gate', 'repos', name, ...path]);
  const written = parseAddress(repo.url);
  if (written === undefined) throw noAddress(name, at('url'));
  const isOwn = own !== undefined && isSameRepository(written, own);
  const { key } = repo;
  // The workflow's token opens the checkout's own, which nobody then has to make a key for.
  const byToken = isOwn && key === undefined;
  const address = byToken ? own : written;
  if (key && (key.provider === 'token') !== (address.scheme === 'https')) {
    throw keyOfOtherKind(name, address, at('key'));
  }
  const credential = byToken
    ? tokenFor(request, own)
    : credentialOf(key, address, `git-gate.repos.${name}.url, ${at('url')}`);
  const lacks = lacksOf(address, repo, credential);
  const usual: PushRule = lacks.length === 0 && key !== undefined ? 'forward' : 'record';
  const push = first<PushRule>([repo.push, at('push')], [usual, 'default']);
  const { dropCredentials } = request.trust;
  if (!dropCredentials && push.value === 'forward' && lacks.length > 0) {
    throw cannotForward(name, lacks, at('push'));
  }
  const remote: RemotePlan = {
    ...placed(name, written),
    url: { value: byToken ? httpsOf(own) : repo.url, source: at('url') },
    credential: dropCredentials
      ? { value: { kind: 'none' }, source: NO_CREDENTIALS }
      : { value: credential, source: byToken ? 'input token' : at('key') },
    hostKey: first([repo.host_key, at('host_key')], ['', 'default']),
    push: dropCredentials && push.value === 'forward' ? RECORDED : push,
    allowForce: first([repo.allow_force, at('allow_force')], [false, 'default']),
    refs: first([repo.branches?.map(refOf), at('branches')], [ALL_BRANCHES, 'default']),
  };
  const what = `git-gate.repos.${name}`;
  const notices = [
    ...(dropCredentials && key ? [noticeOf(`${what}.key`, at('key'))] : []),
    ...(dropCredentials ? [] : lacksSsh(what, address, lacks, at('url'))),
  ];
  return { remote, isOwn, notices };
}

const NO_CREDENTIALS = "a fork's run";
const RECORDED: Sourced<PushRule> = { value: 'record', source: NO_CREDENTIALS };

function placed(name: string, address: Address) {
  const guestUrl = `http://127.0.0.1:${RELAY_PORT}/git/${name}`;
  return { name, guestUrl, insteadOf: spellingsOf(address) };
}

function httpsOf({ scheme, host, port, path }: Address): string {
  return `https://${host}${scheme === 'https' ? port : ''}/${path}`;
}

/** It is for the workflow's own server: no other one is shown it. */
function tokenFor({ checkout, inputs, trust }: RemoteRequest, own: Address): RemoteCredential {
  const isServers = httpsOf(own).startsWith(`${checkout.server}/`);
  const usable = isServers && inputs.token !== '' && !trust.dropCredentials;
  return { kind: usable ? 'workflow-token' : 'none' };
}

function credentialOf(key: Repo['key'], address: Address, source: string): RemoteCredential {
  switch (key?.provider) {
    case undefined:
      return { kind: 'none' };
    case 'static':
      return { kind: 'key-file', path: key.path };
    case 'token':
      return { kind: 'token', name: key.token_ref };
    case 'gitea': {
      const { host, path: repository } = address;
      if (!/^[^/]+\/[^/]+$/.test(repository)) throw noOwner(repository, source);
      const api = key.api_url?.replace(/\/+$/, '') ?? `https://${host}/api/v1`;
      return { kind: 'deploy-key', api, repository, tokenName: key.provisioner_token };
    }
  }
}

function noOwner(repository: string, source: string): BottleError {
  return new BottleError({
    outcome: 'config-invalid',
    what: `A deploy key is for "owner/name", and the address names "${repository}"`,
    where: source,
    fix: 'Write the address as Gitea shows it: ssh://git@git.example/owner/name.git.',
  });
}

/** What the upstream would want to push to it, and is not there. */
function lacksOf({ scheme }: Address, repo: Repo, credential: RemoteCredential): string[] {
  const isSsh = scheme === 'ssh';
  return [
    ...(isSsh && repo.host_key === undefined ? ['the remote’s `host_key`'] : []),
    ...(credential.kind === 'none' ? ['a `key`'] : []),
  ];
}

/** Over ssh nothing can be fetched either. */
function lacksSsh(what: string, { scheme }: Address, lacks: readonly string[], source: string) {
  if (scheme === 'https' || lacks.length === 0) return [];
  const message = `${what} lacks ${lacks.join(' and ')}: over ssh, the gate cannot even fetch`;
  return [{ message, ...placeOf(source) }];
}

/** `main` is a branch; what begins with `refs/` says all. */
function refOf(glob: string): string {
  return glob.startsWith('refs/') ? glob : `${BRANCHES}${glob}`;
}

function noAddress(name: string, source: string): BottleError {
  return new BottleError({
    outcome: 'config-invalid',
    what: `The address of the remote "${name}" names no repository`,
    where: `git-gate.repos.${name}.url, ${source}`,
    fix: 'Write the whole address, such as https://git.example/owner/repository.',
  });
}

function keyOfOtherKind(name: string, { scheme }: Address, source: string): BottleError {
  const fits = scheme === 'ssh' ? '`static` or `gitea`' : '`token`';
  return new BottleError({
    outcome: 'config-invalid',
    what: `The key of the remote "${name}" is of no use over ${scheme}`,
    where: `git-gate.repos.${name}.key, ${source}`,
    fix: `Over ${scheme} its provider is ${fits}; or change the remote's url.`,
  });
}

function cannotForward(name: string, lacks: readonly string[], source: string): BottleError {
  return new BottleError({
    outcome: 'config-invalid',
    what: `Pushes to the remote "${name}" are to be forwarded, which needs ${lacks.join(' and ')}`,
    where: `git-gate.repos.${name}.push, ${source}`,
    fix: 'Add what it lacks, or write `push: record` to keep pushes on the runner.',
  });
}
