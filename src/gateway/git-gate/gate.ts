/** The gate: the guest's remotes as repositories on the runner, served by git itself, every push checked. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../../errors.ts';
import { type SecretSearch, searchSecrets } from '../../git-check/secret-search.ts';
import type { Host } from '../../host/host.ts';
import { printable } from '../../printable.ts';
import { refusalOf } from '../answer.ts';
import { type Entry, openEntry } from '../audit.ts';
import { Denied } from '../denied.ts';
import { refuse } from '../exchange.ts';
import type { Guest } from '../guest.ts';
import type { GatewayPush, GitGateConfig, NamedSecret } from '../protocol.ts';
import type { Services } from '../services.ts';
import type { Dialer } from '../upstream.ts';
import { runBackend } from './backend.ts';
import { type GitRequest, readGitRequest } from './git-request.ts';
import { MAX_PACK_BYTES, servingArgv, servingEnvironment } from './git-setting.ts';
import { HOOK } from './hook.ts';
import { takePush } from './receive.ts';
import { openRepository, type Repository } from './repository.ts';

/** Serves one request; never rejects. */
export type GitGate = (guest: Guest) => Promise<void>;

export type GitGateParts = Pick<Services, 'dial' | 'ready' | 'recorder'> & {
  readonly spawn: Host['spawn'];
  readonly extraAuthorities: string;
  readonly proxyFor: Dialer['proxyFor'];
  /** Must be in no commit. */
  readonly secrets: readonly NamedSecret[];
  readonly report: (push: GatewayPush) => void;
};

const OWN = { host: '127.0.0.1', port: 7711 };
/** Commands in the guest ask again and again; a second of age is nothing to them. */
const FRESH_MS = 1_000;
/** Between the first and the last request of one fetch. */
const SAME_FETCH_MS = 15 * 60_000;
const MAX_AT_ONCE = 16;
/** What a fetch asks for is short; see `http.maxRequestBuffer` in git-config(1). */
const MAX_QUESTION_BYTES = 10 * 1024 * 1024;
/** Beside its pack, a push says its refs. */
const MAX_PUSH_BYTES = MAX_PACK_BYTES + 1024 * 1024;

export async function makeGitGate(config: GitGateConfig, parts: GitGateParts): Promise<GitGate> {
  const { directory } = config;
  const [root, hooks] = [join(directory, 'repository'), join(directory, 'hook')];
  await mkdir(root, { recursive: true, mode: 0o700 });
  await mkdir(hooks, { mode: 0o700 });
  await writeFile(join(hooks, 'pre-receive'), HOOK, { mode: 0o700 });
  const search = searchSecrets(parts.secrets);
  const forever = new AbortController().signal;
  const shared = { ...parts, config, directory, root, search, signal: forever };
  const repositories = new Map(
    config.repositories.map((each) => [each.name, openRepository(each, shared)]),
  );
  let running = 0;

  async function serve(guest: Guest, entry: Entry): Promise<void> {
    await parts.ready();
    const asked = readGitRequest(guest.method, guest.target);
    const repository = repositories.get(asked.repository);
    if (repository === undefined) throw new Denied('no-route', 'the gate has no such repository');
    entry.route = `git:${asked.repository}`;
    if (running >= MAX_AT_ONCE) throw new Denied('busy', `${MAX_AT_ONCE} gits are running`);
    running += 1;
    try {
      await prepare(repository, asked, entry);
      await carryOut({ ...shared, guest, entry, asked, hooks, repository });
    } finally {
      running -= 1;
    }
  }

  return async (guest) => {
    const entry = openEntry(parts.recorder);
    const [path = ''] = guest.target.split('?');
    Object.assign(entry, { ...OWN, method: guest.method, path });
    try {
      await serve(guest, entry);
      entry.close();
    } catch (error) {
      if (guest.isGone() && !(error instanceof Denied)) return entry.close();
      const denied = deniedOf(error);
      if (guest.answered()) guest.abort();
      else refuse(guest, entry, refusalOf(denied));
      entry.close(denied);
    }
  };
}

/** Fails closed: where the upstream cannot be asked, nothing older is shown for new. */
async function prepare(
  repository: Repository,
  { service, step }: GitRequest,
  entry: Entry,
): Promise<void> {
  const { name, push, seed, access } = repository.settings;
  const isPush = service === 'receive';
  if (isPush && push === 'refuse') throw new Denied('no-match', `${name} takes no pushes`);
  await repository.ready();
  if (isPush && step === 'pack') return;
  // A push that is kept needs something to build on, however old.
  const isKept = isPush && push === 'record';
  if (isKept && seed !== undefined) return;
  if (access.kind === 'token') entry.credential = access.name;
  const usual = step === 'refs' ? FRESH_MS : SAME_FETCH_MS;
  await repository.refresh(isKept ? Number.POSITIVE_INFINITY : usual);
}

type Served = GitGateParts & {
  readonly config: GitGateConfig;
  readonly root: string;
  readonly hooks: string;
  readonly search: SecretSearch;
  readonly signal: AbortSignal;
  readonly guest: Guest;
  readonly entry: Entry;
  readonly asked: GitRequest;
  readonly repository: Repository;
};

async function carryOut(served: Served): Promise<void> {
  const { config, asked, repository, hooks, search, secrets, report } = served;
  const isPush = asked.service === 'receive' && asked.step === 'pack';
  const ended = new AbortController();
  const policy = { ...config.rules, secrets };
  const receiving = { repository, policy, search, report, ended: ended.signal };
  try {
    await runBackend({
      ...served,
      argv: servingArgv(config, repository.settings, hooks),
      env: servingEnvironment(config),
      maxBytes: isPush ? MAX_PUSH_BYTES : MAX_QUESTION_BYTES,
      ...(isPush && { onChannel: (channel) => void takePush(channel, receiving) }),
    });
  } finally {
    ended.abort(new Error('git ended'));
  }
}

/** Whatever is no answer of the upstream went wrong here. */
function deniedOf(error: unknown): Denied {
  if (error instanceof Denied) return error;
  return new Denied('busy', `git failed on the runner: ${printable(messageOf(error))}`);
}
