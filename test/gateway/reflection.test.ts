/** An upstream that sends back what it was sent: the guest never reads the credential there. */
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type GatewayProcess, routeTo, startGatewayProcess } from '../upstream/gateway-process.ts';
import { type Respond, startUpstream, type Upstream } from '../upstream/upstream.ts';
import { ask, openTls } from './proxy-client.ts';

const HOST = 'mirror.example.test';
const VALUE = 'cred-9fQz2LmXw7RtB4nKv8';

/** In the body, in its encodings, in a header and in a trailer, whole and in base64. */
const respond: Respond = (request, response, arrived) => {
  const sent = request.headers.authorization ?? '';
  const coded = Buffer.from(sent).toString('base64');
  void arrived.then(() => {
    if (request.url === '/gzip') {
      response.writeHead(200, { 'Content-Encoding': 'gzip' }).end(gzipSync(`it was ${sent}`));
    } else if (request.url === '/unknown') {
      response.writeHead(200, { 'Content-Encoding': 'x-own' }).end(sent);
    } else if (request.method === 'HEAD') {
      response.writeHead(200, { 'Content-Encoding': 'gzip' }).end();
    } else {
      response.writeHead(200, { 'X-Saw': sent, 'X-Coded': coded, Trailer: 'X-Last' });
      response.addTrailers({ 'X-Last': sent });
      response.end(`before ${sent} ${coded} after`);
    }
  });
};

let upstream: Upstream;
let gateway: GatewayProcess;

beforeAll(async () => {
  upstream = await startUpstream({ names: [HOST], respond });
  gateway = await startGatewayProcess({
    connectTo: upstream.connectTo,
    extraAuthorities: upstream.authority,
    routes: [
      routeTo(HOST, {
        tls: 'open',
        auth: { scheme: 'Bearer', header: 'authorization', name: 'API_TOKEN', value: VALUE },
      }),
    ],
  });
});
afterAll(async () => {
  await gateway.stop();
  await upstream.close();
});

const get = async (path: string, method = 'GET') =>
  ask(await openTls(gateway, HOST), { method, path, headers: { Host: HOST } });
const last = () => gateway.decisions().at(-1);

describe('a credential that an upstream sends back', () => {
  test('is masked in headers, body and trailers, which keep their length', async () => {
    const answer = await get('/plain');
    expect(upstream.requests.at(-1)?.headers.authorization).toBe(`Bearer ${VALUE}`);
    const all = JSON.stringify(answer);
    expect(all).not.toContain(VALUE);
    expect(all).not.toContain(Buffer.from(`Bearer ${VALUE}`).toString('base64').slice(12, 32));
    expect(answer).toMatchObject({
      status: 200,
      headers: { 'x-saw': `Bearer ${'*'.repeat(VALUE.length)}` },
    });
    expect(all).toMatch(/before Bearer \*+ .* after/);
    const found = { detector: 'known_secrets', label: 'API_TOKEN', where: 'body' };
    await expect
      .poll(last)
      .toMatchObject({ decision: 'allowed', findings: [{ ...found, action: 'redacted' }] });
  });

  test.each(['/gzip', '/unknown'])('ends an encoded answer: %s', async (path) => {
    const answer = await get(path).catch(() => 'broken off');
    expect(JSON.stringify(answer)).not.toContain(VALUE);
    await expect.poll(last).toMatchObject({ decision: 'denied', rule: 'dlp', path });
  });

  test('is no matter where an encoded answer has no body', async () => {
    expect(await get('/head', 'HEAD')).toMatchObject({ status: 200 });
  });
});
