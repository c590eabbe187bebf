/** One repository of the gate: made when it is first asked for, as fresh as its upstream, one writer at a time. */
import { join } from 'node:path';
import { type GitRunner, makeGitRunner } from '../../git-check/git-runner.ts';
import type { Host } from '../../host/host.ts';
import type { GitGateConfig, GitRepository } from '../protocol.ts';
import { makeBareRepository } from './bare-repository.ts';
import { bindSpawn } from './bound-spawn.ts';
import { fetchAll, followHead } from './refresh.ts';
import { findWay, type Way, type WayParts } from './way.ts';

export type Repository = {
  readonly settings: GitRepository;
  readonly directory: string;
  /** Makes it, the first time. */
  ready(): Promise<void>;
  /**
   * Settles when it has all that the upstream had `maxAgeMs` ago. Those who ask at once wait together.
   *
   * @throws {Denied} `private-address` and `upstream-…`
   */
  refresh(maxAgeMs: number): Promise<void>;
  /** Nothing else changes the repository while `work` is not settled. */
  alone<T>(work: () => Promise<T>): Promise<T>;
  /** git in it, with more time for what goes over the network. */
  git(options: { env?: Record<string, string>; signal: AbortSignal; far?: boolean }): GitRunner;
  findWay(signal: AbortSignal): Promise<Way>;
  /** The upstream never heard of these refs, and they are left as the guest has pushed them. */
  keep(refs: readonly string[]): void;
};

export type RepositoryParts = WayParts & {
  readonly spawn: Host['spawn'];
  readonly config: GitGateConfig;
  /** Above all repositories. */
  readonly root: string;
  readonly signal: AbortSignal;
};

/** For a whole history, or a large push. */
const FAR_TIMEOUT_MS = 15 * 60_000;

export function openRepository(settings: GitRepository, parts: RepositoryParts): Repository {
  const { spawn, config, root, signal: forever } = parts;
  const { program, path } = config;
  const directory = join(root, settings.name);
  const kept = new Set<string>();
  const alone = makeLock();
  let made: Promise<void> | undefined;
  let fresh: Promise<void> | undefined;
  let askedAt = Number.NEGATIVE_INFINITY;
  let isHeadKnown = false;

  const git: Repository['git'] = ({ far, ...options }) => {
    const limit = far ? { timeoutMs: FAR_TIMEOUT_MS } : {};
    const start = far ? bindSpawn(spawn) : spawn;
    return makeGitRunner({ spawn: start, program, path, directory, ...limit, ...options });
  };
  const way = (signal: AbortSignal) => findWay(settings, parts, signal);

  async function fetchNow(): Promise<void> {
    const found = await way(forever);
    const far = git({ signal: forever, far: true });
    await Promise.all([
      fetchAll(far, found, kept),
      isHeadKnown ? undefined : followHead(far, found),
    ]);
    isHeadKnown = true;
  }

  return {
    settings,
    directory,
    ready() {
      made ??= makeBareRepository(git({ signal: forever }), directory, settings.seed);
      return made;
    },
    refresh(maxAgeMs) {
      if (fresh !== undefined && performance.now() - askedAt <= maxAgeMs) return fresh;
      askedAt = performance.now();
      const asked = alone(fetchNow);
      fresh = asked;
      // Whoever comes next tries again.
      asked.catch(() => {
        if (fresh === asked) fresh = undefined;
      });
      return asked;
    },
    alone,
    git,
    findWay: way,
    keep: (refs) => {
      for (const ref of refs) kept.add(ref);
    },
  };
}

function makeLock(): Repository['alone'] {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const result = last.then(work);
    last = result.catch(() => {});
    return result;
  };
}
