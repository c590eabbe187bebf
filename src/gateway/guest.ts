/** A request of the guest and the way to answer it: the same for HTTP/1.1 and HTTP/2. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import type { Readable, Writable } from 'node:stream';
import type { Denied } from './denied.ts';
import { asObject, flatten, hasField, type Pairs, pairsOf, valuesOf } from './header.ts';
import { watchPresence } from './presence.ts';

export type AnswerHead = { readonly status: number; readonly headers: Pairs };

export type Guest = {
  readonly method: string;
  /** The request target as it was sent: absolute, or a path with its query. */
  readonly target: string;
  /** Each `Host`, or `:authority`: whether they are one too many or too few is not judged here. */
  readonly authorities: readonly string[];
  /** As they came, without HTTP/2's pseudo fields. */
  readonly headers: Pairs;
  readonly body: Readable;
  readonly hasBody: boolean;
  /** It waits for a `100 Continue` before it sends its body. */
  readonly expectsContinue: boolean;
  sendContinue(): void;
  /** What came after the body; known at its end. */
  trailers(): Pairs;
  /** Sends the head and gives what takes the body. */
  answer(head: AnswerHead): Writable;
  /** These fields, for the last answer of a connection. */
  closing(headers: Pairs): Pairs;
  /** To be called before the body's end. */
  sendTrailers(trailers: Pairs): void;
  /** A head was sent, so there can be no refusal any more. */
  answered(): boolean;
  isGone(): boolean;
  /** Ends it where it is: the guest sees that the answer is not complete. */
  abort(): void;
  /** Calls back when the guest has the whole answer, or is gone; at once if it is. */
  onClose(callback: () => void): void;
  /** Calls back when the body turns out not to be HTTP, at once if it has; one callback at a time. */
  onBroken(callback: (denied: Denied) => void): void;
};

/** What breaks HTTP/2's rules is reset, and an upgrade has no body. */
const NEVER = () => {};

export function guestOfHttp1(
  request: IncomingMessage,
  response: ServerResponse,
  onBroken: Guest['onBroken'] = NEVER,
): Guest {
  const headers = pairsOf(request.rawHeaders);
  const { method = '', url = '' } = request;
  const isGone = () => response.closed || request.socket.destroyed;
  const hasBody =
    request.headers['transfer-encoding'] !== undefined ||
    Number(request.headers['content-length'] ?? 0) > 0;
  if (hasBody) watchPresence(request, request.socket);
  return {
    method,
    target: url,
    authorities: valuesOf(headers, 'host'),
    headers,
    body: request,
    hasBody,
    expectsContinue: request.headers.expect?.toLowerCase() === '100-continue',
    sendContinue: () => response.writeContinue(),
    trailers: () => pairsOf(request.rawTrailers),
    answer: (head) => {
      response.sendDate = false;
      response.writeHead(head.status, flatten(head.headers));
      // What has a length is sent with its first bytes; a stream of events is there from its head.
      if (!hasField(head.headers, 'content-length')) response.flushHeaders();
      return response;
    },
    closing: (headers) => [...headers, ['Connection', 'close']],
    sendTrailers: (trailers) => {
      if (trailers.length > 0) response.addTrailers([...trailers] as [string, string][]);
    },
    answered: () => response.headersSent,
    isGone,
    abort: () => request.socket.destroy(),
    onClose: (callback) => {
      if (isGone()) callback();
      else response.on('close', callback);
    },
    onBroken,
  };
}

export function guestOfHttp2(
  stream: ServerHttp2Stream,
  fields: IncomingHttpHeaders,
  raw: readonly string[],
): Guest {
  const headers = pairsOf(raw);
  let after: Pairs = [];
  let sent: Pairs = [];
  stream.on('error', () => {});
  stream.on('trailers', (trailers: IncomingHttpHeaders) => {
    after = pairsOfObject(trailers);
  });
  return {
    method: fields[':method'] ?? '',
    target: fields[':path'] ?? '',
    authorities: [...new Set([fields[':authority'] ?? '', ...valuesOf(headers, 'host')])],
    headers: headers.filter(([name]) => name !== 'host'),
    body: stream,
    hasBody: !stream.endAfterHeaders,
    expectsContinue: fields.expect === '100-continue',
    sendContinue: () => stream.additionalHeaders({ ':status': 100 }),
    trailers: () => after,
    answer: (head) => {
      stream.once('wantTrailers', () => stream.sendTrailers(asObject(sent)));
      const fields = { ...asObject(head.headers), ':status': head.status };
      stream.respond(fields, { waitForTrailers: true });
      return stream;
    },
    closing: (headers) => headers,
    sendTrailers: (trailers) => {
      sent = trailers;
    },
    answered: () => stream.headersSent,
    isGone: () => stream.destroyed,
    abort: () => stream.destroy(new Error('the exchange was ended')),
    onClose: (callback) => {
      if (stream.destroyed) callback();
      else stream.once('close', callback);
    },
    onBroken: NEVER,
  };
}

/** Of an object as `node:http2` has it; a list is several fields of one name. */
export function pairsOfObject(fields: IncomingHttpHeaders): Pairs {
  return Object.entries(fields).flatMap(([name, value]) =>
    name.startsWith(':') ? [] : [value ?? []].flat().map((one): [string, string] => [name, one]),
  );
}
