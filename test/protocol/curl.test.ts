/** curl through the gateway: what HTTP can say arrives as it was said, in a tunnel and when it is opened. */
import { createHash, randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { UpstreamOptions } from '../upstream/upstream.ts';
import { openScene, type Scene, WAYS } from './scene.ts';

const URL = 'https://api.example.test';
/** Versions of HTTP, as the client has them and as the upstream has them. */
const VERSIONS: [string, NonNullable<UpstreamOptions['protocol']>][] = [
  ['--http1.1', 'http/1.1'],
  ['--http1.1', 'h2'],
  ['--http2', 'http/1.1'],
  ['--http2', 'h2'],
];
const CASES = WAYS.flatMap((way) => VERSIONS.map((versions) => [way, ...versions] as const));

describe.each(CASES)('%s, curl %s, upstream %s:', (way, version, protocol) => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await openScene(way, { protocol });
  });
  afterAll(() => scene?.close());

  const curl = (...args: string[]) => scene.output(['curl', '-sS', version, ...args]);
  const last = () => scene.upstream.requests.at(-1);

  test('a request arrives with its fields, and none of the proxy', async () => {
    const body = await curl(`${URL}/echo?a=b%20c`, '-H', 'X-Own: 1', '-H', 'Cookie: a=1; b=2');
    expect(JSON.parse(body)).toMatchObject({
      method: 'GET',
      target: '/echo?a=b%20c',
      headers: { 'x-own': '1', cookie: 'a=1; b=2', accept: '*/*' },
      bytes: 0,
    });
    const names = Object.keys(last()?.headers ?? {});
    expect(names.filter((name) => /proxy|via|forwarded|bottle/.test(name))).toEqual([]);
    expect(last()?.serverName).toBe('api.example.test');
  });

  test('both ends speak the version that was asked for', async () => {
    const spoken = await curl('-o', '/dev/null', '-w', '%{http_version}', `${URL}/`);
    const offersHttp2 = way === 'open' || protocol === 'h2';
    expect(spoken).toBe(version === '--http2' && offersHttp2 ? '2' : '1.1');
    const upstreamHttp2 = protocol === 'h2' && (way === 'open' || version === '--http2');
    expect(last()?.httpVersion).toBe(upstreamHttp2 ? '2.0' : '1.1');
  });

  test('a body of some megabytes goes up whole, with its length or without', async () => {
    const file = join(scene.directory, 'body');
    const data = randomBytes(5_000_000);
    writeFileSync(file, data);
    const sha256 = createHash('sha256').update(data).digest('hex');
    const arrived = { bytes: data.length, sha256, complete: true };
    await curl('--data-binary', `@${file}`, `${URL}/echo`);
    expect(last()).toMatchObject({ ...arrived, method: 'POST' });
    expect(last()?.headers['content-length']).toBe('5000000');
    await curl('-T', file, '-H', 'Transfer-Encoding: chunked', `${URL}/echo`);
    expect(last()).toMatchObject({ ...arrived, method: 'PUT' });
  });

  test('a body that waits for its 100 goes up', async () => {
    writeFileSync(join(scene.directory, 'small'), 'x'.repeat(10));
    const wait = ['-T', 'small', '-H', 'Expect: 100-continue', '--expect100-timeout', '20'];
    const { stderr, exitCode } = await scene.run([
      'curl',
      '-sSv',
      '--max-time',
      '10',
      version,
      ...wait,
      `${URL}/echo`,
    ]);
    expect(exitCode, stderr).toBe(0);
    expect(stderr).toMatch(/< HTTP\/[12.]+ 100/);
    expect(last()).toMatchObject({ method: 'PUT', bytes: 10 });
  });

  test('tens of megabytes come down, with a length and in chunks with a trailer', async () => {
    const size = await curl('-o', '/dev/null', '-w', '%{size_download}', `${URL}/bytes/30000000`);
    expect(size).toBe('30000000');
    const chunked = await curl('-D', '-', '-o', '/dev/null', `${URL}/chunked/1000000`);
    expect(chunked).toMatch(/x-total: 1000000/i);
    expect(chunked).not.toMatch(/content-length/i);
  });

  test('answers without a body end', async () => {
    for (const status of [204, 304]) {
      const got = await curl('--max-time', '5', '-w', '%{http_code}', `${URL}/status/${status}`);
      expect(got).toBe(String(status));
    }
    const head = await curl('--max-time', '5', '-I', `${URL}/bytes/1000`);
    expect(head).toMatch(/^HTTP\/[12.]+ 200/);
    expect(head).toMatch(/content-length: 1000/i);
  });

  test('a packed body, two cookies and an empty POST are left as they are', async () => {
    expect(await curl('--compressed', `${URL}/gzip`)).toBe('a text that was packed\n'.repeat(100));
    const head = await curl('-D', '-', '-o', '/dev/null', `${URL}/cookies`);
    expect(head.match(/set-cookie: /gi)).toHaveLength(2);
    await curl('-X', 'POST', `${URL}/echo`);
    expect(last()).toMatchObject({ method: 'POST', bytes: 0, complete: true });
  });

  test('an answer that comes behind hints is the answer', async () => {
    const { stderr, stdout } = await scene.run(['curl', '-sSv', version, `${URL}/early`]);
    expect(stdout).toBe('after the hints\n');
    expect(stderr).toMatch(/< HTTP\/[12.]+ 200/);
    // What is opened is passed on without them: they are advice to browsers.
    expect(/< HTTP\/[12.]+ 103/.test(stderr)).toBe(way === 'tunnel');
  });

  test('what the upstream has said is there before it says more', async () => {
    const ended = await scene.run(['curl', '-sSN', version, '--max-time', '2', `${URL}/hang`]);
    expect(ended).toMatchObject({ exitCode: 28, stdout: 'first\n' });
    expect(await curl('-N', `${URL}/sse/3`)).toBe(
      'data: event 3\n\ndata: event 2\n\ndata: event 1\n\n',
    );
  });

  test('an answer that breaks off is seen to', async () => {
    for (const what of ['sized', 'unsized']) {
      const url = `${URL}/reset/${what}`;
      const ended = await scene.run(['curl', '-sS', version, '--max-time', '5', url]);
      expect([18, 56, 92], `${what}: ${ended.stderr}`).toContain(ended.exitCode);
    }
  });

  test('many requests share a connection, one after the other and at once', async () => {
    const urls = Array.from({ length: 40 }, (_, index) => `${URL}/n${index}`);
    const write = ['-o', '/dev/null', '-w', '%{num_connects} %{http_code}\n'];
    const each = urls.flatMap((url) => ['-o', '/dev/null', url]);
    const inTurn = await curl(...write, ...each);
    expect(inTurn.trim().split('\n')).toEqual(['1 200', ...Array(39).fill('0 200')]);
    const atOnce = await curl('--parallel', ...write, ...each);
    expect(atOnce.match(/ 200$/gm)).toHaveLength(40);
  });

  test('a redirect leads no further than the routes', async () => {
    const to = encodeURIComponent('https://elsewhere.example.test/');
    const ended = await scene.run(['curl', '-sSLv', version, `${URL}/redirect?to=${to}`]);
    expect(ended.exitCode).toBe(56);
    expect(ended.stderr).toMatch(/x-bottle-denied: no-route/i);
    const back = encodeURIComponent(`${URL}/echo`);
    expect(await curl('-L', `${URL}/redirect?to=${back}`)).toContain('"target":"/echo"');
  });
});

describe('plain HTTP, curl', () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await openScene('tunnel');
  });
  afterAll(() => scene?.close());

  test('is proxied with its body, and kept alive', async () => {
    const url = 'http://api.example.test';
    const write = ['-o', '/dev/null', '-w', '%{num_connects} %{http_code}\n'];
    const posted = ['-d', 'hello', `${url}/echo`, '-o', '/dev/null', `${url}/echo`];
    const said = await scene.output(['curl', '-sS', ...write, ...posted]);
    expect(said).toBe('1 200\n0 200\n');
    expect(scene.upstream.requests.at(-1)).toMatchObject({
      scheme: 'http',
      target: '/echo',
      bytes: 5,
      headers: { host: 'api.example.test' },
    });
  });
});
