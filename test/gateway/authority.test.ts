/** The run's authority: certificates that strict clients accept for one host and for no other. */
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkServerIdentity, connect, type SecureContext, TLSSocket } from 'node:tls';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Authority, makeAuthority } from '../../src/gateway/authority.ts';

const DAY_MS = 24 * 3600 * 1000;
const label = fc
  .stringMatching(/^[a-z0-9_]([a-z0-9-]{0,20}[a-z0-9])?$/)
  .filter((text) => text.length > 0);
/** The last label is no number: it would be an address. */
const hostName = fc
  .tuple(fc.array(label, { maxLength: 5 }), fc.stringMatching(/^[a-z]{1,12}$/))
  .map(([labels, last]) => [...labels, last].join('.'));

let authority: Authority;
let root: X509Certificate;

beforeAll(async () => {
  authority = await makeAuthority();
  root = new X509Certificate(authority.certificatePem);
});

/** What a client is shown for `host`, over a real handshake that it verifies. */
async function leafFor(host: string, from: Authority = authority): Promise<X509Certificate> {
  const server = serve(await from.contextFor(host));
  try {
    return await handshake(server, host, from.certificatePem);
  } finally {
    server.close();
  }
}

function serve(secureContext: SecureContext): Server {
  return createServer((socket) => {
    const secure = new TLSSocket(socket, { isServer: true, secureContext });
    // Who refuses the certificate resets the connection.
    secure.on('error', () => {});
    secure.end('hello\n');
  });
}

async function handshake(server: Server, host: string, ca: string): Promise<X509Certificate> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  return await new Promise((resolve, reject) => {
    const client = connect({ port, host: '127.0.0.1', servername: host, ca }, () => {
      const leaf = client.getPeerX509Certificate() as X509Certificate;
      client.destroy();
      resolve(leaf);
    });
    client.on('error', reject);
  });
}

describe('a certificate', () => {
  test('of any host verifies for it and for no other', async () => {
    await fc.assert(
      fc.asyncProperty(hostName, hostName, async (host, other) => {
        const leaf = await leafFor(host);
        const seen = leaf.toLegacyObject();
        expect(checkServerIdentity(host, seen)).toBeUndefined();
        expect(leaf.subjectAltName).toBe(`DNS:${host}`);
        if (other !== host) expect(checkServerIdentity(other, seen)).toBeInstanceOf(Error);
        for (const near of [`x.${host}`, `${host}.x`, `x${host}`]) {
          expect(leaf.checkHost(near, { subject: 'always' })).toBeUndefined();
        }
      }),
      { numRuns: 60 },
    );
  });

  test('of a name at the limit of length is there too', async () => {
    const long = `${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(61)}`;
    expect(long).toHaveLength(253);
    expect((await leafFor(long)).checkHost(long)).toBe(long);
  });

  test('holds for some days around now, with a number of its own', async () => {
    const leaf = await leafFor('one.example');
    const numbers = [root, leaf, await leafFor('two.example')].map((each) => each.serialNumber);
    expect(new Set(numbers).size).toBe(3);
    for (const number of numbers) expect(number).toMatch(/^[0-9A-F]{16,40}$/);
    for (const { validFromDate, validToDate } of [root, leaf]) {
      expect(Date.now() - validFromDate.getTime()).toBeGreaterThan(0.9 * DAY_MS);
      expect(validToDate.getTime() - Date.now()).toBeGreaterThan(3 * DAY_MS);
      expect(validToDate.getTime() - validFromDate.getTime()).toBeLessThanOrEqual(7 * DAY_MS);
    }
  });

  test('says nothing of the machine or the job', () => {
    expect(root.subject).toBe('CN=bottle run authority');
    expect(root.issuer).toBe(root.subject);
  });

  test('of another run does not verify here', async () => {
    const server = serve(await (await makeAuthority()).contextFor('one.example'));
    const refused = handshake(server, 'one.example', authority.certificatePem);
    await expect(refused).rejects.toMatchObject({ code: /UNABLE_TO_VERIFY|SELF_SIGNED|SIGNATURE/ });
    server.close();
  });
});

describe('contexts', () => {
  test('are made once for all who ask at the same time, and kept', async () => {
    const [one, two] = [authority.contextFor('same.example'), authority.contextFor('same.example')];
    expect(await one).toBe(await two);
    expect(await authority.contextFor('same.example')).toBe(await one);
    expect(await authority.contextFor('another.example')).not.toBe(await one);
  });

  test('are bounded: a guest that thinks of a thousand names gets no more', async () => {
    const own = await makeAuthority();
    const first = await own.contextFor('0.example');
    for (let count = 1; count < 1000; count++) await own.contextFor(`${count}.example`);
    await expect(own.contextFor('one-more.example')).rejects.toMatchObject({ rule: 'busy' });
    expect(await own.contextFor('0.example')).toBe(first);
  });
});

test('nothing that makes certificates is loaded before it is needed', () => {
  const script =
    "await import('./src/gateway/authority.ts'); console.log(typeof Reflect.getMetadata)";
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', script]).toString();
  expect(output).toBe('undefined\n');
});

describe('strict verifiers', () => {
  let directory: string;
  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'authority-test-'));
    writeFileSync(join(directory, 'ca.pem'), authority.certificatePem);
    writeFileSync(join(directory, 'leaf.pem'), (await leafFor('strict.example')).toString());
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  test('openssl verify -x509_strict', () => {
    const verify = (host: string) =>
      execFileSync(
        'openssl',
        ['verify', '-x509_strict', '-purpose', 'sslserver', '-verify_hostname', host].concat([
          '-CAfile',
          'ca.pem',
          'leaf.pem',
        ]),
        { cwd: directory, stdio: 'pipe' },
      ).toString();
    expect(verify('strict.example')).toBe('leaf.pem: OK\n');
    expect(() => verify('other.example')).toThrow(/hostname mismatch/i);
  });

  test('find what names the keys, in the leaf too', () => {
    const args = ['x509', '-in', 'leaf.pem', '-noout', '-ext'];
    const shown = execFileSync('openssl', [...args, 'subjectKeyIdentifier,extendedKeyUsage'], {
      cwd: directory,
    }).toString();
    expect(shown).toMatch(/Subject Key Identifier:\s+([0-9A-F]{2}:){19}/);
    expect(shown).toMatch(/TLS Web Server Authentication/);
  });
});
