/** What all checks of one change share: what it brings, what is allowed, and where findings go. */
import { printable } from '../printable.ts';
import type { Change } from './change.ts';
import type { Findings } from './finding.ts';
import type { GitRunner } from './git-runner.ts';
import type { Span } from './history.ts';
import type { NewObject } from './new-object.ts';
import type { CheckPolicy } from './policy.ts';
import type { SecretSearch } from './secret-search.ts';

export type Inspection = {
  readonly git: GitRunner;
  readonly policy: CheckPolicy;
  readonly spans: readonly Span[];
  readonly objects: ReadonlyMap<string, NewObject>;
  /** Those of older commits first. */
  readonly changes: readonly Change[];
  /** Where each version of a file first came in, by its id. */
  readonly origins: ReadonlyMap<string, Change>;
  readonly search: SecretSearch;
  readonly findings: Findings;
  /** A path as a finding may show it. */
  readonly show: (path: string) => string;
};

export function findOrigins(changes: readonly Change[]): Inspection['origins'] {
  const origins = new Map<string, Change>();
  for (const change of changes)
    if (change.now && !origins.has(change.now.id)) origins.set(change.now.id, change);
  return origins;
}

const MAX_SHOWN = 300;
/** So far apart that nothing is found across two of them. */
const BETWEEN = '\n'.repeat(20);

/** Finds the secrets that stand in paths; what it returns shows a path without them. */
export async function coverPaths(
  search: SecretSearch,
  changes: readonly Change[],
  findings: Findings,
): Promise<Inspection['show']> {
  const commits = new Map<string, string>();
  for (const { path, commit } of changes) if (!commits.has(path)) commits.set(path, commit);
  const text = Buffer.from([...commits.keys()].join(BETWEEN));
  const matches = await search.find(text);
  const secrets = new Set(matches.map(({ start, end }) => text.toString('utf8', start, end)));
  const show = (path: string) => {
    let shown = path;
    for (const secret of secrets) shown = shown.replaceAll(secret, '***');
    return printable(shown, MAX_SHOWN);
  };
  const told = new Set<string>();
  for (const { start, label } of matches) {
    const from = text.lastIndexOf(BETWEEN, start);
    const until = text.indexOf(BETWEEN, start);
    const begin = from < 0 ? 0 : from + BETWEEN.length;
    const path = text.toString('utf8', begin, until < 0 ? text.length : until);
    if (told.has(`${label}\0${path}`)) continue;
    told.add(`${label}\0${path}`);
    const commit = commits.get(path) ?? '';
    const detail = `The name of the file holds a secret: ${label}`;
    findings.add({ rule: 'secret', commit, path: show(path), detail });
  }
  return show;
}
