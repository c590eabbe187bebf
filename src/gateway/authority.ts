/** The run's certificate authority: made in memory, signs for the hosts that are opened, is never kept. */
import { createSecureContext, type SecureContext } from 'node:tls';
import { Denied } from './denied.ts';

export type Authority = {
  /** What the guest is to trust. */
  readonly certificatePem: string;
  /**
   * For a server that answers as `host`, a name as `parseAuthority` gives it. The protocols (ALPN)
   * are the server's own affair.
   *
   * @throws {Denied} `busy` after a thousand names
   */
  contextFor(host: string): Promise<SecureContext>;
};

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const DAY_MS = 24 * 3600 * 1000;
/** A guest's clock may be behind; an agent may run for three days. */
const VALID_MS = { before: DAY_MS, after: 4 * DAY_MS };
/**
 * Below a `*.suffix` the guest may think of any number of names. A context takes some 50 kB, and
 * one that is let go is freed late: to forget the old ones bounds nothing.
 */
const MAX_CONTEXTS = 1000;

/** Loads what makes certificates (60 ms) only now: a run without opened routes needs none of it. */
export async function makeAuthority(): Promise<Authority> {
  await import('reflect-metadata');
  const x509 = await import('@peculiar/x509');
  const { subtle } = globalThis.crypto;
  const keys = await subtle.generateKey(ALGORITHM, false, ['sign', 'verify']);
  // One pair for all leaves: whoever reads this memory has them all anyway, and a pair for each
  // would be one more thing that the guest can make us compute. TLS takes keys as PEM only.
  const leafKeys = await subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const leafKey = x509.PemConverter.encode(
    await subtle.exportKey('pkcs8', leafKeys.privateKey),
    'PRIVATE KEY',
  );
  const now = Date.now();
  const validity = {
    notBefore: new Date(now - VALID_MS.before),
    notAfter: new Date(now + VALID_MS.after),
  };

  const identifier = await x509.SubjectKeyIdentifierExtension.create(keys.publicKey);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=bottle run authority',
    keys,
    signingAlgorithm: ALGORITHM,
    ...validity,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
      identifier,
    ],
  });

  const leafExtensions = [
    new x509.BasicConstraintsExtension(false, undefined, true),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
    new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
    await x509.SubjectKeyIdentifierExtension.create(leafKeys.publicKey),
    new x509.AuthorityKeyIdentifierExtension(identifier.keyId),
  ];

  async function makeContext(host: string): Promise<SecureContext> {
    const leaf = await x509.X509CertificateGenerator.create({
      // A host's name may be longer than a subject's; clients look at the alternative name alone.
      subject: 'CN=bottle run',
      issuer: certificate.subject,
      publicKey: leafKeys.publicKey,
      signingKey: keys.privateKey,
      signingAlgorithm: ALGORITHM,
      ...validity,
      extensions: [
        ...leafExtensions,
        new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: host }]),
      ],
    });
    return createSecureContext({ key: leafKey, cert: leaf.toString('pem') });
  }

  return {
    certificatePem: `${certificate.toString('pem')}\n`,
    contextFor: makeOnce(MAX_CONTEXTS, makeContext),
  };
}

/** Makes each value once, for all who ask while it is being made too, and no more than `limit`. */
function makeOnce<T>(
  limit: number,
  make: (key: string) => Promise<T>,
): (key: string) => Promise<T> {
  const made = new Map<string, Promise<T>>();
  return async (key) => {
    const known = made.get(key);
    if (known !== undefined) return known;
    if (made.size >= limit)
      throw new Denied('busy', `more than ${limit} names were opened already`);
    const value = make(key);
    made.set(key, value);
    return value;
  };
}
