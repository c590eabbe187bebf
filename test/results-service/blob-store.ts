/** Where the service keeps blobs: on this machine's disk, or in Azurite. */
import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';

export type BlobStore = {
  /** A URL that permits one thing for some minutes. Blob names are `[a-z0-9.-]+`. */
  signedUrl(
    blob: string,
    permission: 'read' | 'write',
    answer?: { readonly disposition?: string; readonly type?: string },
  ): string;
  /** Undefined when there is no such blob. */
  read(blob: string): Promise<Buffer | undefined>;
  /** In bytes; undefined when there is no such blob. */
  size(blob: string): Promise<number | undefined>;
  remove(blob: string): Promise<void>;
  /** Serves blob traffic that comes to the service's own port; absent where it goes elsewhere. */
  serve?(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void>;
  close(): Promise<void>;
};

export function digestOf(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}
