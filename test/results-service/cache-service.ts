/** CacheService v2 as the service answers it: entries are immutable, scopes guard them, prefixes match. */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { BlobStore } from './blob-store.ts';
import { defineMethods, INT64 } from './rpc.ts';
import type { Claims } from './token.ts';

type Entry = {
  readonly id: number;
  readonly key: string;
  readonly version: string;
  readonly scope: string;
  readonly blob: string;
  size: number;
  done: boolean;
};

/** What a test sees of a cache entry. */
export type StoredCacheEntry = Pick<Entry, 'key' | 'version' | 'scope' | 'size' | 'blob'>;

type Shelf = {
  readonly entries: Entry[];
  readonly store: BlobStore;
  readonly onViolation: (what: string) => void;
};

const KEY = z
  .string()
  .min(1)
  .max(512)
  .refine((key) => !key.includes(','));
const VERSION = z.string().regex(/^[0-9a-f]{64}$/);

const CREATE = z.strictObject({ key: KEY, version: VERSION });
const FINALIZE = z.strictObject({ key: KEY, version: VERSION, size_bytes: INT64 });
const LOOK_UP = z.strictObject({
  key: KEY,
  restore_keys: z.array(KEY).max(9).default([]),
  version: VERSION,
});

export function createCacheService(store: BlobStore, onViolation: (what: string) => void) {
  const shelf: Shelf = { entries: [], store, onViolation };
  return {
    methods: defineMethods({
      CreateCacheEntry: {
        request: CREATE,
        answer: (asked, claims) => create(shelf, asked, claims),
      },
      FinalizeCacheEntryUpload: {
        request: FINALIZE,
        answer: (asked, claims) => finalize(shelf, asked, claims),
      },
      GetCacheEntryDownloadURL: {
        request: LOOK_UP,
        answer: (asked, claims) => lookUp(shelf, asked, claims),
      },
    }),
    list: (): StoredCacheEntry[] => shelf.entries.filter(({ done }) => done),
    async read(key: string): Promise<Buffer> {
      const entry = shelf.entries.find((e) => e.done && e.key === key);
      const bytes = entry && (await store.read(entry.blob));
      if (!bytes) throw new Error(`no cache entry ${key} was saved`);
      return bytes;
    },
  };
}

function create(
  { entries, store }: Shelf,
  { key, version }: z.infer<typeof CREATE>,
  claims: Claims,
) {
  const scope = writeScope(claims);
  if (scope === undefined) {
    return { ok: false, message: 'cache write denied: the token is read-only' };
  }
  if (entries.some((e) => e.key === key && e.version === version && e.scope === scope)) {
    return { ok: false, message: 'cache entry already exists' };
  }
  const blob = randomUUID();
  entries.push({ id: entries.length + 1, key, version, scope, blob, size: 0, done: false });
  return { ok: true, signed_upload_url: store.signedUrl(blob, 'write') };
}

async function finalize(
  { entries, store, onViolation }: Shelf,
  { key, version, size_bytes }: z.infer<typeof FINALIZE>,
  claims: Claims,
) {
  const scope = writeScope(claims);
  const entry = entries.find(
    (e) => e.key === key && e.version === version && e.scope === scope && !e.done,
  );
  const size = entry && (await store.size(entry.blob));
  if (!entry || size === undefined || String(size) !== size_bytes) {
    onViolation(`FinalizeCacheEntryUpload ${key}: size is ${size}, not ${size_bytes}`);
    return { ok: false, message: 'the upload is not as it was announced' };
  }
  Object.assign(entry, { size, done: true });
  return { ok: true, entry_id: String(entry.id) };
}

/** Scope by scope: what the run's own branch has comes before what the default branch has. */
function lookUp(
  { entries, store }: Shelf,
  { key, restore_keys, version }: z.infer<typeof LOOK_UP>,
  claims: Claims,
) {
  const readable = claims.scopes.filter(({ permission }) => (permission & 1) !== 0);
  for (const { scope } of readable) {
    const inScope = entries.filter((e) => e.done && e.scope === scope && e.version === version);
    const found = findByKeys(inScope, [key, ...restore_keys]);
    if (found === undefined) continue;
    const url = store.signedUrl(found.blob, 'read');
    return { ok: true, signed_download_url: url, matched_key: found.key };
  }
  return { ok: false };
}

function writeScope(claims: Claims): string | undefined {
  return claims.scopes.find(({ permission }) => (permission & 2) !== 0)?.scope;
}

/** For each key in turn: the exact entry, or else the newest that begins with it, the first key included. */
function findByKeys(entries: readonly Entry[], keys: readonly string[]): Entry | undefined {
  for (const key of keys) {
    const exact = entries.find((entry) => entry.key === key);
    const found = exact ?? entries.findLast((entry) => entry.key.startsWith(key));
    if (found !== undefined) return found;
  }
  return undefined;
}
