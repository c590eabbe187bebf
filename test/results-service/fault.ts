/** What a test may let go wrong in the service. */

/** An RPC method, or what is done to a blob. */
export type Operation =
  | 'CreateArtifact'
  | 'FinalizeArtifact'
  | 'ListArtifacts'
  | 'GetSignedArtifactURL'
  | 'DeleteArtifact'
  | 'CreateCacheEntry'
  | 'FinalizeCacheEntryUpload'
  | 'GetCacheEntryDownloadURL'
  | 'PutBlob'
  | 'PutBlock'
  | 'PutBlockList'
  | 'GetBlob'
  | 'HeadBlob';

export type Fault =
  | { readonly kind: 'status'; readonly status: number; readonly retryAfterSeconds?: number }
  /** Any bytes instead of the answer: a proxy's error page, another image. */
  | { readonly kind: 'body'; readonly status: number; readonly body: string | Uint8Array }
  /** GetBlob: only the first bytes, as if no more had been stored. */
  | { readonly kind: 'truncate'; readonly keep: number }
  /** GetBlob: the connection breaks after the first bytes. */
  | { readonly kind: 'cut'; readonly keep: number }
  /** GetBlob: one byte is another. */
  | { readonly kind: 'corrupt'; readonly at: number }
  | { readonly kind: 'slow'; readonly ms: number };

export type Faults = {
  /** From now on, or for the next `times` operations only. The latest one holds. */
  inject(operation: Operation, fault: Fault, times?: number): void;
  clear(): void;
  /** The fault for this operation, counted as used. */
  take(operation: Operation): Fault | undefined;
};

export function createFaults(): Faults {
  const faults = new Map<Operation, { fault: Fault; left: number }>();
  return {
    inject: (operation, fault, times = Number.POSITIVE_INFINITY) => {
      faults.set(operation, { fault, left: times });
    },
    clear: () => faults.clear(),
    take(operation) {
      const entry = faults.get(operation);
      if (entry === undefined || entry.left === 0) return undefined;
      entry.left--;
      return entry.fault;
    },
  };
}
