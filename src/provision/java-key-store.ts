/**
 * A trust store that every Java reads, made without Java: the image's `keytool` would need seconds,
 * and many images have none. The format is the JDK's `JavaKeyStore.java` (JKS, version 2).
 */
import { createHash } from 'node:crypto';

/** Java's own default; it guards nothing, as the certificates are public. */
const PASSWORD = 'changeit';

const MAGIC = 0xfeedfeed;
const VERSION = 2;
const TRUSTED_CERTIFICATE = 2;

/** @param certificates as DER */
export function javaKeyStore(certificates: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat([
    uint32(MAGIC),
    uint32(VERSION),
    uint32(certificates.length),
    ...certificates.flatMap((certificate, index) => [
      uint32(TRUSTED_CERTIFICATE),
      text(`certificate-${index + 1}`),
      // When it was added, which nobody asks.
      Buffer.alloc(8),
      text('X.509'),
      uint32(certificate.length),
      certificate,
    ]),
  ]);
  const digest = createHash('sha1')
    .update(Buffer.from(PASSWORD, 'utf16le').swap16())
    .update('Mighty Aphrodite')
    .update(content)
    .digest();
  return Buffer.concat([content, digest]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** Java's modified UTF-8, which is ASCII for what we write. */
function text(value: string): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(value.length);
  return Buffer.concat([length, Buffer.from(value)]);
}
