/** A request on its way to an upstream, and the answer: the same for HTTP/1.1 and HTTP/2. */
import {
  type Agent,
  type ClientRequest,
  type IncomingMessage,
  request as requestHttp1,
} from 'node:http';
import type { IncomingHttpHeaders, IncomingHttpStatusHeader } from 'node:http2';
import type { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { Denied } from './denied.ts';
import { pairsOfObject } from './guest.ts';
import { asObject, flatten, hasField, type Pairs, pairsOf, without } from './header.ts';
import type { Origin } from './origin.ts';
import type { Session } from './session.ts';

/** A model may think for a quarter of an hour before its next byte. */
const SILENCE_MS = 16 * 60_000;

export type UpstreamRequest = {
  readonly method: string;
  readonly pathAndQuery: string;
  /** End to end, without `Host`; `Content-Length` says the truth or is not there. */
  readonly headers: Pairs;
  readonly hasBody: boolean;
};

export type Answer = {
  readonly status: number;
  readonly headers: Pairs;
  readonly body: Readable;
  /** What came after the body; known at its end. */
  trailers(): Pairs;
  /** At the body's end: whether the upstream meant it to end there. */
  isComplete(): boolean;
};

export type Sent = {
  readonly body: Writable;
  /** To be called before the body's end. */
  sendTrailers(trailers: Pairs): void;
  onContinue(callback: () => void): void;
  /** The answer's head, which may come before the body is sent. */
  readonly answer: Promise<Answer>;
  /** It went over a connection that was in use before, and which may have been closed since. */
  reused(): boolean;
  abort(): void;
};

/** The upstream took the other protocol, which the connection speaks from now on. */
export type Switched = { readonly headers: Pairs; readonly socket: Socket };

export type SentUpgrade = {
  readonly answer: Promise<Answer | Switched>;
  abort(): void;
};

const silent = () => new Denied('upstream-timeout', 'the upstream said nothing for 16 minutes');

function beginHttp1(agent: Agent, origin: Origin, request: UpstreamRequest): ClientRequest {
  const outgoing = requestHttp1({
    agent,
    host: origin.host,
    port: origin.port,
    method: request.method,
    path: request.pathAndQuery,
    headers: ['Host', origin.authority, ...flatten(request.headers), ...framing(request)],
    timeout: SILENCE_MS,
  });
  outgoing.on('timeout', () => outgoing.destroy(silent()));
  return outgoing;
}

export function sendHttp1(agent: Agent, origin: Origin, request: UpstreamRequest): Sent {
  const outgoing = beginHttp1(agent, origin, request);
  const answer = new Promise<Answer>((resolve, reject) => {
    outgoing.on('error', reject);
    outgoing.on('response', (incoming) => resolve(answerOf(incoming)));
  });
  if (request.hasBody) outgoing.flushHeaders();
  return {
    body: outgoing,
    sendTrailers: (trailers) => outgoing.addTrailers([...trailers] as [string, string][]),
    onContinue: (callback) => outgoing.once('continue', callback),
    answer,
    reused: () => outgoing.reusedSocket,
    abort: () => outgoing.destroy(),
  };
}

/** Asks for another protocol; an upstream may also just answer. */
export function sendUpgrade(agent: Agent, origin: Origin, request: UpstreamRequest): SentUpgrade {
  const outgoing = beginHttp1(agent, origin, request);
  const answer = new Promise<Answer | Switched>((resolve, reject) => {
    outgoing.on('error', reject);
    outgoing.on('response', (incoming) => resolve(answerOf(incoming)));
    outgoing.on('upgrade', (incoming, socket, head) => {
      if (head.length > 0) socket.unshift(head);
      resolve({ headers: pairsOf(incoming.rawHeaders), socket });
    });
  });
  outgoing.end();
  return { answer, abort: () => outgoing.destroy() };
}

/** Node would guess the framing from the method. */
function framing({ method, headers, hasBody }: UpstreamRequest): string[] {
  if (hasField(headers, 'content-length')) return [];
  if (hasBody) return ['Transfer-Encoding', 'chunked'];
  return METHODS_WITHOUT_BODY.has(method) ? [] : ['Content-Length', '0'];
}

const METHODS_WITHOUT_BODY = new Set(['GET', 'HEAD', 'DELETE', 'OPTIONS']);

function answerOf(incoming: IncomingMessage): Answer {
  return {
    status: incoming.statusCode ?? 502,
    headers: pairsOf(incoming.rawHeaders),
    body: incoming,
    trailers: () => pairsOf(incoming.rawTrailers),
    isComplete: () => incoming.complete,
  };
}

const NOT_IN_HTTP2 = new Set(['host']);

export function sendHttp2(session: Session, origin: Origin, request: UpstreamRequest): Sent {
  const head = {
    ...asObject(without(request.headers, NOT_IN_HTTP2)),
    ':method': request.method,
    ':scheme': 'https',
    ':authority': origin.authority,
    ':path': request.pathAndQuery,
  };
  const { hasBody } = request;
  const stream = session.http2.request(head, { endStream: !hasBody, waitForTrailers: hasBody });
  session.streams += 1;
  stream.once('close', () => {
    session.streams -= 1;
  });
  let sent: Pairs = [];
  let after: Pairs = [];
  stream.on('wantTrailers', () => stream.sendTrailers(asObject(sent)));
  stream.on('trailers', (trailers) => {
    after = pairsOfObject(trailers);
  });
  stream.setTimeout(SILENCE_MS, () => stream.destroy(silent()));
  const answer = new Promise<Answer>((resolve, reject) => {
    stream.on('error', reject);
    stream.on('close', () => reject(new Denied('upstream-reset', 'the upstream ended the stream')));
    stream.on('response', (fields: IncomingHttpHeaders & IncomingHttpStatusHeader) => {
      resolve({
        status: fields[':status'] ?? 502,
        headers: pairsOfObject(fields),
        body: stream,
        trailers: () => after,
        // A connection that breaks ends its streams as if all had come, but for this code.
        isComplete: () => stream.rstCode === 0,
      });
    });
  });
  return {
    body: stream,
    sendTrailers: (trailers) => {
      sent = trailers;
    },
    onContinue: (callback) => stream.once('continue', callback),
    answer,
    reused: () => true,
    abort: () => stream.destroy(),
  };
}
