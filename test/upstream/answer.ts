/** What an upstream of tests answers by default: each path shows one thing that HTTP can do. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { constants, type Http2Stream } from 'node:http2';
import { gzipSync } from 'node:zlib';
import type { Respond } from './upstream.ts';

type Answer = (context: {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly arrived: Parameters<Respond>[2];
  /** What follows the first part of the path. */
  readonly argument: string;
  readonly query: URLSearchParams;
}) => void;

const CHUNK = Buffer.alloc(64 * 1024, 'bottle ');

const ANSWERS: Readonly<Record<string, Answer>> = {
  /** The request as it arrived, as JSON, when its body has. */
  echo: async ({ response, arrived }) => {
    const body = JSON.stringify(await arrived);
    response.writeHead(200, { 'Content-Type': 'application/json' }).end(body);
  },
  /** `/bytes/N`: that many, with their number in the head. */
  bytes: ({ response, argument }) => {
    response.writeHead(200, { 'Content-Length': argument });
    sendBytes(response, Number(argument));
  },
  /** `/chunked/N`: as chunks of 64 KiB, then a trailer. */
  chunked: ({ response, argument }) => {
    response.writeHead(200, { Trailer: 'X-Total' });
    response.addTrailers({ 'X-Total': argument });
    sendBytes(response, Number(argument));
  },
  status: ({ response, argument }) =>
    response.writeHead(Number(argument), { 'X-Is': 'empty' }).end(),
  early: ({ response }) => {
    response.writeEarlyHints({ link: '</style.css>; rel=preload' });
    response.end('after the hints\n');
  },
  gzip: ({ response }) => {
    const body = gzipSync('a text that was packed\n'.repeat(100));
    response.writeHead(200, { 'Content-Encoding': 'gzip', 'Content-Type': 'text/plain' }).end(body);
  },
  /** `/redirect?to=URL`. */
  redirect: ({ response, query }) =>
    response.writeHead(302, { Location: query.get('to') ?? '/' }).end(),
  /** `/sse/N`: that many events, each sent on its own, then the end. */
  sse: ({ response, argument }) => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    const send = (left: number) => {
      if (left === 0) return response.end();
      response.write(`data: event ${left}\n\n`, () => setImmediate(send, left - 1));
    };
    send(Number(argument));
  },
  /** `/slow?ms=N&bytes=N`: a byte, a pause, a byte … */
  slow: ({ response, query }) => {
    response.writeHead(200, { 'Content-Type': 'text/plain' });
    let left = Number(query.get('bytes'));
    const timer = setInterval(
      () => {
        response.write('.');
        left -= 1;
        if (left > 0) return;
        clearInterval(timer);
        response.end();
      },
      Number(query.get('ms')),
    );
    response.on('close', () => clearInterval(timer));
  },
  /** The head and a first line, then nothing until the client leaves. */
  hang: ({ response }) =>
    response.writeHead(200, { 'Content-Type': 'text/plain' }).write('first\n'),
  /** Not even a head. */
  silence: () => {},
  /** `/reset/head`: before an answer. `/reset/sized`, `/reset/unsized`: in the middle of one. */
  reset: ({ request, response, argument }) => {
    const { socket, stream } = request as IncomingMessage & { stream?: Http2Stream };
    const reset = () => {
      if (stream) stream.close(constants.NGHTTP2_CANCEL);
      else socket.destroy();
    };
    if (argument === 'head') return reset();
    response.writeHead(200, argument === 'sized' ? { 'Content-Length': '1000' } : {});
    response.write('the beginning', reset);
  },
  /** Never reads the body, so that who sends it must wait. */
  unread: ({ request }) => request.pause(),
  'expectation-failed': ({ response }) =>
    response.writeHead(417, { Connection: 'close' }).end('no need to send it\n'),
  cookies: ({ response }) =>
    response.writeHead(200, { 'Set-Cookie': ['a=1; Path=/', 'b=2; Path=/'] }).end(),
};

export const answerByPath: Respond = (request, response, arrived) => {
  const url = new URL(request.url ?? '/', 'http://upstream.test');
  const [, name = '', argument = ''] = url.pathname.split('/');
  const answer = ANSWERS[name];
  if (answer !== undefined) {
    return answer({ request, response, arrived, argument, query: url.searchParams });
  }
  response.writeHead(200, { 'Content-Type': 'text/plain' }).end(`hello from ${url.pathname}\n`);
};

/** Waits for the client, so that gigabytes take no memory. */
function sendBytes(response: ServerResponse, total: number): void {
  let left = total;
  const send = () => {
    while (left > 0) {
      const chunk = left < CHUNK.length ? CHUNK.subarray(0, left) : CHUNK;
      left -= chunk.length;
      if (!response.write(chunk)) return void response.once('drain', send);
    }
    response.end();
  };
  send();
}
