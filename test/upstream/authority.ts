/** A certificate authority for upstreams of tests, and what it can get wrong on purpose. */
import 'reflect-metadata';
import type { webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

/** `good` names the host; the others each have the one fault that they are called by. */
export type CertificateKind = 'good' | 'expired' | 'not-yet-valid' | 'wrong-name' | 'self-signed';

export type TestAuthority = {
  /** PEM. */
  readonly certificate: string;
  /** Key and certificate, PEM, as `node:tls` takes them. */
  issue(names: readonly string[], kind: CertificateKind): Promise<{ key: string; cert: string }>;
};

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const DAY_MS = 24 * 3600 * 1000;
const VALID_DAYS: Record<CertificateKind, readonly [from: number, to: number]> = {
  good: [-1, 2],
  'wrong-name': [-1, 2],
  'self-signed': [-1, 2],
  expired: [-3, -1],
  'not-yet-valid': [1, 3],
};

let made: Promise<TestAuthority> | undefined;

/** One for the whole process: who trusts one upstream of a test trusts them all. */
export function testAuthority(): Promise<TestAuthority> {
  made ??= makeTestAuthority();
  return made;
}

async function makeTestAuthority(): Promise<TestAuthority> {
  const keys = await makeKeys();
  const name = 'CN=authority of the tests';
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name,
    keys,
    signingAlgorithm: ALGORITHM,
    ...validity('good'),
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return {
    certificate: `${certificate.toString('pem')}\n`,
    async issue(names, kind) {
      const own = await makeKeys();
      const signed = names.map((value) => ({ type: 'dns' as const, value }));
      const leaf = await x509.X509CertificateGenerator.create({
        subject: 'CN=upstream of a test',
        issuer: kind === 'self-signed' ? 'CN=upstream of a test' : name,
        publicKey: own.publicKey,
        signingKey: kind === 'self-signed' ? own.privateKey : keys.privateKey,
        signingAlgorithm: ALGORITHM,
        ...validity(kind),
        extensions: [
          new x509.BasicConstraintsExtension(false, undefined, true),
          // Python's strict mode and Java's validator want a leaf to name its issuer's key.
          await x509.AuthorityKeyIdentifierExtension.create(
            kind === 'self-signed' ? own.publicKey : keys.publicKey,
          ),
          new x509.SubjectAlternativeNameExtension(
            kind === 'wrong-name' ? [{ type: 'dns', value: 'other.example.test' }] : signed,
          ),
        ],
      });
      return { key: await privatePem(own), cert: leaf.toString('pem') };
    },
  };
}

function makeKeys(): Promise<webcrypto.CryptoKeyPair> {
  return crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
}

async function privatePem(keys: webcrypto.CryptoKeyPair): Promise<string> {
  const bytes = await crypto.subtle.exportKey('pkcs8', keys.privateKey);
  return x509.PemConverter.encode(bytes, 'PRIVATE KEY');
}

function validity(kind: CertificateKind): { notBefore: Date; notAfter: Date } {
  const [notBefore, notAfter] = VALID_DAYS[kind].map(
    (days) => new Date(Date.now() + days * DAY_MS),
  );
  return { notBefore: notBefore ?? new Date(), notAfter: notAfter ?? new Date() };
}
