import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { type DownloadOptions, download } from '../src/download.ts';
import { BottleError } from '../src/errors.ts';
import { type Digests, startDigests } from '../src/image/digest.ts';
import { type Answer, closeServers, serve } from './image/file-server.ts';
import { temporary } from './image/temporary.ts';
import { engineHost } from './machine/engine-host.ts';

const folder = temporary();
afterEach(closeServers);
const OPTIONS: DownloadOptions<Digests> = {
  what: 'the image',
  outcome: 'image-failed',
  fix: 'Check the URL.',
  maxBytes: 1000,
  startSink: startDigests,
  retryMs: 1,
  stallMs: 20_000,
};

async function fetchFrom(answers: Readonly<Record<string, Answer>>, options = {}, path = '/x') {
  const server = await serve(answers);
  const to = join(folder(), 'file');
  const host = engineHost();
  const result = await download(host, `${server.url}${path}`, to, { ...OPTIONS, ...options }).catch(
    (error: unknown) => error,
  );
  return { result, hits: server.hits, text: readFileSync(to, 'utf8') };
}

const redirect =
  (location: string, status = 302): Answer =>
  (response) =>
    void response.writeHead(status, { location }).end();
const ok: Answer = (response) => void response.end('bottle');
const status =
  (code: number): Answer =>
  (response) =>
    void response.writeHead(code).end('no');

/** Answers in turn; the last one for good. */
function inTurn(...answers: Answer[]): Answer {
  let next = 0;
  return (response, request) => answers[Math.min(next++, answers.length - 1)]?.(response, request);
}

describe('a download', () => {
  test('arrives with its digests', async () => {
    const { result, text } = await fetchFrom({ '/x': ok });
    expect(text).toBe('bottle');
    expect(result).toMatchObject({
      bytes: 6,
      sha256: createHash('sha256').update('bottle').digest('hex'),
    });
  });

  test.each([301, 302, 303, 307, 308])('follows a redirect with %i', async (code) => {
    const answers = { '/x': redirect('/y', code), '/y': redirect('z'), '/z': ok };
    const { result, text } = await fetchFrom(answers);
    expect(text).toBe('bottle');
    expect(result).toMatchObject({ bytes: 6 });
  });

  test('is not decoded on the way', async () => {
    const { text } = await fetchFrom({
      '/x': (response, request) => void response.end(request.headers['accept-encoding']),
    });
    expect(text).toBe('identity');
  });

  test.each([500, 502, 503, 429])('is tried again after status %i', async (code) => {
    const { result, hits } = await fetchFrom({ '/x': inTurn(status(code), status(code), ok) });
    expect(result).toMatchObject({ bytes: 6 });
    expect(hits.get('/x')).toBe(3);
  });

  test.each(['1', () => new Date(Date.now() + 1000).toUTCString()])(
    'is tried again when the server says, not before',
    async (after) => {
      const header = typeof after === 'string' ? after : after();
      const times: number[] = [];
      const busy: Answer = (response) => {
        times.push(performance.now());
        response.writeHead(429, { 'retry-after': header }).end('no');
      };
      const late: Answer = (response) => {
        times.push(performance.now());
        response.end('bottle');
      };
      const { result } = await fetchFrom({ '/x': inTurn(busy, late) });
      expect(result).toMatchObject({ bytes: 6 });
      const waited = (times[1] as number) - (times[0] as number);
      // A date has no part of a second.
      expect(waited).toBeGreaterThan(typeof after === 'string' ? 990 : 1);
    },
  );

  test('is tried again after a truncated body, from the start', async () => {
    const cut: Answer = (response) => {
      response.writeHead(200, { 'content-length': 6 }).write('bott');
      setImmediate(() => response.destroy());
    };
    const { result, text } = await fetchFrom({ '/x': inTurn(cut, ok) });
    expect(result).toMatchObject({ bytes: 6 });
    expect(text).toBe('bottle');
  });
});

const BROKEN: readonly [what: string, answer: Answer, detail: RegExp, attempts: number][] = [
  ['a missing file', status(404), /status 404/, 1],
  ['a forbidden one', status(403), /status 403/, 1],
  ['a server that stays down', status(503), /status 503/, 3],
  ['redirects in a circle', redirect('/x'), /more than 5 redirects/, 6],
  ['a redirect to a file', redirect('file:///etc/passwd'), /file: is not https/, 1],
  ['a redirect to plain http', redirect('http://192.0.2.1/x'), /http: is not https/, 1],
  ['a redirect that is no redirect', status(304), /status 304/, 1],
  [
    'a body that is announced too large',
    (response) => void response.writeHead(200, { 'content-length': 1001 }).end('x'.repeat(1001)),
    /1001 bytes, more than the limit of 1000/,
    1,
  ],
  [
    'a body that grows too large',
    (response) => {
      response.write('x'.repeat(600));
      response.end('x'.repeat(600));
    },
    /more than the limit of 1000/,
    1,
  ],
  [
    'a connection that always breaks',
    (response) => {
      response.writeHead(200, { 'content-length': 6 }).write('bott');
      setImmediate(() => response.destroy());
    },
    /./,
    3,
  ],
];

describe('a download that fails says where and why', () => {
  test.each(BROKEN)('%s', async (_what, answer, detail, attempts) => {
    const { result, hits } = await fetchFrom({ '/x': answer });
    expect(result).toBeInstanceOf(BottleError);
    const { outcome, where } = result as BottleError;
    expect(outcome).toBe('image-failed');
    expect(where).toMatch(detail);
    expect(hits.get('/x')).toBe(attempts);
  });

  test('a server that stands still', async () => {
    const { result } = await fetchFrom(
      { '/x': (response) => void response.write('b') },
      { stallMs: 30 },
    );
    expect((result as BottleError).where).toContain('no data for 30 ms');
  });

  test('a server that drips', async () => {
    const drip: Answer = (response) => {
      const timer = setInterval(() => response.write('b'), 5);
      response.on('close', () => clearInterval(timer));
    };
    const { result } = await fetchFrom({ '/x': drip }, { attemptMs: 60, stallMs: 20_000 });
    expect((result as BottleError).where).toContain('not complete after 60 ms');
  });

  test('a server that wants to be left alone longer than we have', async () => {
    const busy: Answer = (response) =>
      void response.writeHead(429, { 'retry-after': '3600' }).end('no');
    const { result, hits } = await fetchFrom({ '/x': busy });
    expect((result as BottleError).where).toContain('status 429, to be asked again after 3600 s');
    expect(hits.get('/x')).toBe(1);
  });

  test('an address is shown without what may be secret in it', async () => {
    const { result } = await fetchFrom({}, {}, '/x?sig=secret');
    expect((result as BottleError).message).not.toContain('secret');
  });

  test.each(['http://192.0.2.1/x', 'ftp://127.0.0.1/x', 'file:///etc/passwd', 'nonsense'])(
    '%s is refused unseen',
    async (url) => {
      const to = join(folder(), 'file');
      const error = await download(engineHost(), url, to, OPTIONS).catch(
        (thrown: unknown) => thrown,
      );
      expect(error).toBeInstanceOf(BottleError);
    },
  );

  test('a cancelled job ends it', async () => {
    const controller = new AbortController();
    const server = await serve({
      '/x': (response) => {
        response.write('b');
        controller.abort(new Error('cancelled'));
      },
    });
    const host = engineHost({ cancelled: controller.signal });
    await expect(download(host, `${server.url}/x`, join(folder(), 'f'), OPTIONS)).rejects.toThrow(
      'cancelled',
    );
  });
});
