/** Certificates of upstreams that must not be believed, and clocks in the guest that are wrong. */
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { afterEach, describe, expect, test } from 'vitest';
import { runProcess } from '../../src/host/process.ts';
import type { CertificateKind } from '../upstream/authority.ts';
import { startUpstream, type Upstream } from '../upstream/upstream.ts';
import { BROKEN, eventually, openScene, type Scene } from './scene.ts';

let broken: Upstream;
let scene: Scene;
afterEach(async () => {
  await scene.close();
  await broken.close();
});

async function open(certificate: CertificateKind, config = {}): Promise<void> {
  broken = await startUpstream({ names: [BROKEN], certificate });
  scene = await openScene(broken, 'open', config);
}

describe('an upstream whose certificate', () => {
  test.each<[string, CertificateKind, object, RegExp]>([
    ['has expired', 'expired', {}, /has expired/],
    ['is not valid yet', 'not-yet-valid', {}, /is not valid yet/],
    ['is for another name', 'wrong-name', {}, /is for another name/],
    ['is signed by itself', 'self-signed', {}, /unknown issuer: itself/],
    ['is of an unknown issuer', 'good', { extraAuthorities: '' }, /unknown issuer/],
  ])('%s gets no request', async (_, kind, config, words) => {
    await open(kind, config);
    const told = await scene.ask('open');
    expect(told).toMatchObject({ status: 502, denied: 'upstream-tls' });
    expect(told.text).toMatch(words);
    await scene.expectOneLine('upstream-tls');
    expect(broken.requests).toEqual([]);
    await eventually(() => broken.connections()).toBe(0);
  });

  test('stays bad is refused each time, with one line each', async () => {
    await open('expired');
    for (let time = 0; time < 5; time += 1) {
      expect(await scene.ask('open')).toMatchObject({ status: 502 });
    }
    await scene.expectServed();
    const rules = scene.gateway.decisions().filter(({ host }) => host === BROKEN);
    expect(rules.map(({ rule }) => rule)).toEqual(Array(5).fill('upstream-tls'));
  });
});

describe('a guest whose clock is', () => {
  const HOUR = 3600 * 1000;

  /** What OpenSSL, at that time, thinks of the chain that the gateway shows. */
  async function verifyAt(time: number): Promise<string> {
    const socket = (await scene.reach('open')) as TLSSocket;
    const leaf = new X509Certificate(socket.getPeerCertificate().raw).toString();
    socket.destroy();
    const directory = mkdtempSync(join(tmpdir(), 'clock-'));
    writeFileSync(join(directory, 'ca.pem'), scene.gateway.certificate);
    writeFileSync(join(directory, 'leaf.pem'), leaf);
    const at = ['-attime', String(Math.floor(time / 1000)), '-verify_hostname', BROKEN];
    const argv = ['openssl', 'verify', '-x509_strict', '-CAfile', 'ca.pem', ...at, 'leaf.pem'];
    const { stdout, stderr } = await runProcess(argv, { env: process.env, cwd: directory });
    rmSync(directory, { recursive: true });
    return stdout + stderr;
  }

  test.each([
    ['right', 0],
    ['23 hours behind', -23],
    ['an hour ahead', 1],
    ['three days on, in a run as long as that', 72],
  ])('%s trusts what is opened', async (_, hours) => {
    await open('good');
    expect(await verifyAt(Date.now() + hours * HOUR)).toBe('leaf.pem: OK\n');
  });

  test('a month off does not, and the gateway outlives that', async () => {
    await open('good');
    expect(await verifyAt(Date.now() - 30 * 24 * HOUR)).toMatch(/not yet valid/);
    expect(await verifyAt(Date.now() + 30 * 24 * HOUR)).toMatch(/expired/);
    await scene.expectServed();
  });

  test('so wrong that it refuses the gateway’s certificate: one line says so', async () => {
    await open('good');
    const relay = await scene.gateway.relay();
    // What curl does with a certificate that it does not believe, for whatever reason.
    const proxy = ['-x', `http://127.0.0.1:${relay.port}`];
    const argv = ['curl', '-sS', ...proxy, `https://${BROKEN}/`];
    const { exitCode } = await runProcess(argv, { env: { PATH: process.env.PATH } });
    expect(exitCode).toBe(60);
    await relay.close();
    await scene.expectOneLine('not-tls');
    expect(broken.requests).toEqual([]);
  });

  test('as wrong, in a client that hangs up without an alert: one line all the same', async () => {
    await open('good');
    const { socket } = await scene.gateway.tunnel(`${BROKEN}:443`);
    const tls = connectTls({ socket, servername: BROKEN, ca: broken.authority });
    await expect(once(tls, 'secureConnect')).rejects.toThrow();
    await scene.expectOneLine('not-tls');
  });
});
