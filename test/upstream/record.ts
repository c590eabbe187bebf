/** What arrived at an upstream: the head as it was written, the body as count and digest. */
import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Http2ServerRequest } from 'node:http2';
import type { TLSSocket } from 'node:tls';

export type RecordedRequest = {
  readonly scheme: 'http' | 'https';
  readonly httpVersion: string;
  /** What the client asked for by SNI; empty: plain, or none. */
  readonly serverName: string;
  readonly method: string;
  readonly target: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Names and values by turns, in the order of the wire, names as they were written. */
  readonly rawHeaders: readonly string[];
  /** The rest grows while the body arrives; `sha256` and `rawTrailers` are there at its end. */
  bytes: number;
  sha256: string;
  rawTrailers: readonly string[];
  complete: boolean;
};

/** Starts reading the body at the next turn; whoever wants it unread pauses the request now. */
export function recordRequest(request: IncomingMessage | Http2ServerRequest): {
  record: RecordedRequest;
  complete: Promise<RecordedRequest>;
} {
  const { socket } = request;
  const encrypted = 'encrypted' in socket;
  const record: RecordedRequest = {
    scheme: encrypted ? 'https' : 'http',
    httpVersion: request.httpVersion,
    serverName: encrypted ? (socket as TLSSocket).servername || '' : '',
    method: request.method ?? '',
    target: request.url ?? '',
    headers: request.headers,
    rawHeaders: request.rawHeaders,
    bytes: 0,
    sha256: '',
    rawTrailers: [],
    complete: false,
  };
  const digest = createHash('sha256');
  const complete = new Promise<RecordedRequest>((resolve) => {
    request.on('data', (chunk: Uint8Array) => {
      record.bytes += chunk.length;
      digest.update(chunk);
    });
    request.on('end', () => {
      record.sha256 = digest.digest('hex');
      record.rawTrailers = request.rawTrailers;
      record.complete = true;
      resolve(record);
    });
  });
  return { record, complete };
}
