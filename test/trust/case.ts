/** Reads the rows of `trust-table.txt`. */
import { readFileSync } from 'node:fs';
import { SHA, type Story } from './payload.ts';

export type TrustCase = Story & {
  readonly name: string;
  /** GITHUB_SHA. */
  readonly sha: string;
  /** GITHUB_REF. */
  readonly ref: string;
  /** HEAD of the checkout; undefined: no git. */
  readonly checkout: string | undefined;
  readonly permission?: 'admin' | 'write' | 'read' | 'none';
  readonly inputs: {
    readonly manifestRef: string;
    readonly allowedActors: readonly string[];
    readonly allowUntrustedHead: boolean;
  };
  /** As in the table. */
  readonly expect: string;
};

const OWN_SHA: Readonly<Record<string, keyof typeof SHA>> = {
  pull_request: 'merge',
  pull_request_review: 'merge',
  pull_request_review_comment: 'merge',
  pull_request_target: 'base',
};

const TABLE = new URL('./trust-table.txt', import.meta.url);

export function readTable(): readonly TrustCase[] {
  let event = '';
  return readFileSync(TABLE, 'utf8')
    .split('\n')
    .flatMap((line) => {
      if (line === '' || line.startsWith('#')) return [];
      if (line.startsWith('  ')) return [parseRow(event, line)];
      event = line;
      return [];
    });
}

/** One row; `event` is `(none)` for a run that no event started. */
export function parseRow(event: string, row: string): TrustCase {
  const [name = '', fields = '', expected = ''] = row.split('|').map((cell) => cell.trim());
  const given = new Map(fields.split(' ').map((field) => field.split('=') as [string, string]));
  const sha = shaOf(given.get('sha')) ?? SHA[OWN_SHA[event] ?? 'main'];
  const checkout = given.get('checkout');
  const ref = given.get('ref') ?? '';
  return {
    ...(Object.fromEntries(given) as Partial<Story>),
    name,
    event: event === '(none)' ? '' : event,
    onPullRequest: given.has('pull'),
    sha,
    ref: ref === '' || ref.includes('/') ? `refs/${ref}` : `refs/heads/${ref}`,
    checkout: checkout === 'none' ? undefined : (shaOf(checkout) ?? sha),
    inputs: {
      manifestRef: given.get('manifest-ref') ?? '',
      allowedActors: given.get('allowed')?.split(',') ?? [],
      allowUntrustedHead: given.has('allow-head'),
    },
    expect: expected,
  };
}

function shaOf(name: string | undefined): string | undefined {
  if (name === undefined) return undefined;
  return SHA[name as keyof typeof SHA];
}
