/** Clients that are no git: what they send ends in a refusal, leaves nothing behind and holds nobody up. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readUntil } from '../upstream/gateway-process.ts';
import { descendants } from './process.ts';
import { openScene, type Scene } from './scene.ts';

let scene: Scene;
beforeAll(async () => {
  scene = await openScene({ repository: { push: 'record' } });
  await scene.clone('work');
});
afterAll(() => scene?.close());

/** The whole answer to one request. */
function send(method: string, target: string, fields: readonly string[] = [], body?: Buffer) {
  const length = body === undefined ? [] : [`Content-Length: ${body.length}`];
  const lines = [`${method} ${target} HTTP/1.1`, 'Host: 127.0.0.1:7711', 'Connection: close'];
  const head = `${[...lines, ...length, ...fields].join('\r\n')}\r\n\r\n`;
  return scene.gateway.request(Buffer.concat([Buffer.from(head), body ?? Buffer.alloc(0)]));
}

const post = (service: string, body: Buffer, ...fields: string[]) =>
  send(
    'POST',
    `/git/site/git-${service}-pack`,
    [`Content-Type: application/x-git-${service}-pack-request`, ...fields],
    body,
  );

const pkt = (text: string) => `${(text.length + 4).toString(16).padStart(4, '0')}${text}`;

describe('the paths', () => {
  test.each([
    ['/git/'],
    ['/git/site'],
    ['/git/site/HEAD'],
    ['/git/site/config'],
    ['/git/site/objects/info/packs'],
    ['/git/site/objects/info/alternates'],
    ['/git/site/info/refs'],
    ['/git/site/info/refs?service=git-upload-archive'],
    ['/git/site/info/refs?service=git-upload-pack&service=git-receive-pack'],
    ['/git/site/info/refs?service=git-upload-pack%00'],
    ['/git/site//info/refs?service=git-upload-pack'],
    ['/git/../git/site/info/refs?service=git-upload-pack'],
    ['/git/site/../site/info/refs?service=git-upload-pack'],
    ['/git/site/%2e%2e/site/info/refs?service=git-upload-pack'],
    ['/git/site/git-upload-archive'],
  ])('GET %s is no request of the smart protocol', async (target) => {
    expect(await send('GET', target)).toMatch(/^HTTP\/1.1 403 [\s\S]*X-Bottle-Denied: no-match/);
  });

  test.each([
    ['/git/none/info/refs?service=git-upload-pack'],
    ['/git/%73ite/info/refs?service=git-upload-pack'],
    ['/git/../info/refs?service=git-upload-pack'],
    ['/git/..%2fhook/info/refs?service=git-upload-pack'],
    ['/git/SITE/info/refs?service=git-upload-pack'],
    ['/git/site.git/info/refs?service=git-upload-pack'],
    ['/git/__proto__/info/refs?service=git-upload-pack'],
  ])('GET %s is no repository', async (target) => {
    expect(await send('GET', target)).toMatch(/^HTTP\/1.1 403 [\s\S]*X-Bottle-Denied: no-route/);
  });

  test('CVE-2022-39260: a command line without end is refused before git sees it', async () => {
    const told = await send(
      'GET',
      `/git/site/info/refs?service=git-upload-pack'${'\\'.repeat(60_000)}`,
    );
    expect(told).toMatch(/^HTTP\/1.1 431 [\s\S]*X-Bottle-Denied: oversize/);
  });

  test.each(['HEAD', 'PUT', 'DELETE', 'OPTIONS', 'PROPFIND', 'MKCOL', 'LOCK'])(
    '%s is no method of git',
    async (method) => {
      for (const target of [
        '/git/site/info/refs?service=git-receive-pack',
        '/git/site/git-receive-pack',
      ]) {
        expect(await send(method, target)).toMatch(/X-Bottle-Denied: no-match/);
      }
    },
  );
});

describe('the bodies', () => {
  test('of another type are refused by git', async () => {
    const answer = await send(
      'POST',
      '/git/site/git-upload-pack',
      ['Content-Type: text/plain'],
      Buffer.from('0000'),
    );
    expect(answer).toMatch(/^HTTP\/1.1 415 /);
  });

  test.each([
    ['nothing', ''],
    ['no lines of git', 'GET / HTTP/1.1\r\n\r\n'],
    ['a line that is longer than it can be', 'ffff'],
    ['a line of a length that is none', 'zzzz'],
    ['a line that is shorter than its length', '0003'],
    ['a thing that is not there', `${pkt(`want ${'1'.repeat(40)}\n`)}0000${pkt('done\n')}`],
    ['an endless line', `fff0${'a'.repeat(100)}`],
    ['a command that is none', `${pkt('command=launch\n')}0000`],
  ])('that hold %s end', async (_, text) => {
    for (const service of ['upload', 'receive']) {
      const answer = await post(service, Buffer.from(text), 'Git-Protocol: version=2');
      expect(answer).toMatch(/^HTTP\/1.1 (200|500|503) /);
    }
    await stillServes();
  });

  test('that unpack to more than a question holds are cut off', async () => {
    const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024, pkt(`have ${'1'.repeat(40)}\n`)));
    expect(bomb.length).toBeLessThan(500_000);
    const before = scene.gateway.decisions().length;
    await post('upload', bomb, 'Content-Encoding: gzip');
    await scene.gateway.waitFor(() => scene.gateway.decisions().length > before);
    expect(scene.gateway.decisions().at(-1)?.bytesUp).toBeLessThan(11 * 1024 * 1024);
    await stillServes();
  });

  test('that are no gzip, or are packed in another way, are refused', async () => {
    const zeros = Buffer.from('0000');
    expect(await post('upload', zeros, 'Content-Encoding: gzip')).toMatch(
      /X-Bottle-Denied: malformed/,
    );
    expect(await post('upload', zeros, 'Content-Encoding: br')).toMatch(
      /X-Bottle-Denied: malformed/,
    );
    const twice = ['Content-Encoding: gzip', 'Content-Encoding: gzip'];
    expect(await post('upload', zeros, ...twice)).toMatch(/X-Bottle-Denied: malformed/);
  });

  test('that are packed as git packs them are read', async () => {
    const [tip] = (await scene.good(scene.directory, 'ls-remote', scene.url, 'main')).split('\t');
    const question = `${pkt(`want ${tip}\n`)}0000${pkt('done\n')}`;
    const answer = await post('upload', gzipSync(question), 'Content-Encoding: gzip');
    expect(answer).toMatch(/^HTTP\/1.1 200 [\s\S]*NAK\n/);
  });

  test('with packs that are damaged, or not whole, change nothing', async () => {
    const before = await scene.good(scene.directory, 'ls-remote', scene.url);
    const update = `${'0'.repeat(40)} ${'1'.repeat(40)} refs/heads/evil\0report-status`;
    const header = Buffer.from('PACK\0\0\0\x02\0\0\0\x01', 'latin1');
    const broken = [
      Buffer.from('PACK'),
      header,
      Buffer.concat([header, Buffer.alloc(1000, 0xff)]),
      Buffer.concat([header.subarray(0, 8), Buffer.from([255, 255, 255, 255])]),
      emptyPack(),
    ];
    for (const pack of broken) {
      const answer = await post(
        'receive',
        Buffer.concat([Buffer.from(`${pkt(update)}0000`), pack]),
      );
      expect(answer).toMatch(/^HTTP\/1.1 (200|503) /);
      expect(answer).not.toMatch(/ok refs\/heads\/evil/);
    }
    expect(await scene.good(scene.directory, 'ls-remote', scene.url)).toBe(before);
    for (const { verdict } of await scene.pushes(0)) expect(verdict).toBe('refused');
    const objects = join(scene.directory, 'gate', 'repository', 'site', 'objects');
    expect(readdirSync(objects).filter((name) => /incoming/.test(name))).toEqual([]);
  });

  test('that name no environment of git', async () => {
    const answer = await send('GET', '/git/site/info/refs?service=git-upload-pack', [
      'Git-Protocol: version=2:GIT_DIR=/etc',
      'Content-Type: $(touch /tmp/pwned)',
      'X-Git-Dir: /etc',
      'Proxy: http://evil.example/',
    ]);
    expect(answer).toMatch(/^HTTP\/1.1 200 /);
    expect(answer).not.toMatch(/version 2/);
    expect(existsSync('/tmp/pwned')).toBe(false);
  });
});

test('those who hang up leave no git behind', async () => {
  const socket = await scene.gateway.connect();
  socket.write(
    'POST /git/site/git-receive-pack HTTP/1.1\r\nHost: 127.0.0.1:7711\r\n' +
      'Content-Type: application/x-git-receive-pack-request\r\nContent-Length: 100000\r\n\r\n00',
  );
  await expect
    .poll(() => descendants(scene.gateway.pid).length, { timeout: 5_000 })
    .toBeGreaterThan(0);
  socket.destroy();
  await expect.poll(() => descendants(scene.gateway.pid), { timeout: 5_000 }).toEqual([]);
  await stillServes();
});

test('more than a bottle needs at once is too much', async () => {
  const head =
    'POST /git/site/git-upload-pack HTTP/1.1\r\nHost: 127.0.0.1:7711\r\n' +
    'Content-Type: application/x-git-upload-pack-request\r\nContent-Length: 100\r\n\r\n00';
  const sockets = await Promise.all(Array.from({ length: 16 }, () => scene.gateway.connect()));
  for (const socket of sockets) socket.write(head);
  await expect
    .poll(() => descendants(scene.gateway.pid).length, { timeout: 10_000 })
    .toBeGreaterThanOrEqual(16);
  const another = await scene.gateway.connect();
  another.write(head);
  const answer = await readUntil(another, (text) => text.includes('denied (busy)'));
  expect(answer).toMatch(/^HTTP\/1.1 503 /);
  for (const socket of [...sockets, another]) socket.destroy();
  await expect.poll(() => descendants(scene.gateway.pid), { timeout: 5_000 }).toEqual([]);
  await stillServes();
});

async function stillServes(): Promise<void> {
  expect(await scene.good(scene.directory, 'ls-remote', scene.url)).toContain('refs/heads/main');
  expect(scene.gateway.stderr()).toBe('');
}

function emptyPack(): Buffer {
  const head = Buffer.from('PACK\0\0\0\x02\0\0\0\0', 'latin1');
  return Buffer.concat([head, createHash('sha1').update(head).digest()]);
}
