/** Blobs in Azurite, Microsoft's own blob server: uploads, ranges and signatures are then its code. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import {
  BlobSASPermissions,
  BlobServiceClient,
  generateBlobSASQueryParameters,
  StorageSharedKeyCredential,
} from '@azure/storage-blob';
import type { BlobStore } from './blob-store.ts';

const MAIN = fileURLToPath(
  new URL('../azurite/node_modules/azurite/dist/src/blob/main.js', import.meta.url),
);

/** Why the tests with Azurite cannot run; empty when they can. */
export const AZURITE_MISSING = existsSync(MAIN)
  ? ''
  : 'needs Azurite: npm ci --prefix test/azurite';

/** Azurite's published account for development: not a secret. */
const CREDENTIAL = new StorageSharedKeyCredential(
  'devstoreaccount1',
  'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==',
);
const CONTAINER = 'actions-results';
const URL_MINUTES = 10;

export async function startAzurite(): Promise<BlobStore> {
  const directory = await mkdtemp(join(tmpdir(), 'azurite-'));
  const server = spawn(
    process.execPath,
    [
      MAIN,
      ...['--blobHost', '127.0.0.1'],
      ...['--blobPort', '0'],
      ...['--location', directory],
      '--skipApiVersionCheck',
      '--disableTelemetry',
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  process.once('exit', () => server.kill('SIGKILL'));
  const origin = await listening(server);
  const container = new BlobServiceClient(
    `${origin}/devstoreaccount1`,
    CREDENTIAL,
  ).getContainerClient(CONTAINER);
  await container.create();

  return {
    signedUrl(blob, permission, answer = {}) {
      const query = generateBlobSASQueryParameters(
        {
          containerName: CONTAINER,
          blobName: blob,
          permissions: BlobSASPermissions.parse(permission === 'read' ? 'r' : 'cw'),
          expiresOn: new Date(Date.now() + URL_MINUTES * 60_000),
          ...(answer.disposition === undefined ? {} : { contentDisposition: answer.disposition }),
          ...(answer.type === undefined ? {} : { contentType: answer.type }),
        },
        CREDENTIAL,
      );
      return `${container.getBlobClient(blob).url}?${query}`;
    },
    async read(blob) {
      const client = container.getBlobClient(blob);
      return (await client.exists()) ? client.downloadToBuffer() : undefined;
    },
    async size(blob) {
      const client = container.getBlobClient(blob);
      return (await client.exists()) ? (await client.getProperties()).contentLength : undefined;
    },
    async remove(blob) {
      await container.getBlobClient(blob).deleteIfExists();
    },
    async close() {
      const ended = new Promise((resolve) => server.once('exit', resolve));
      server.kill('SIGKILL');
      await ended;
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** The origin that it prints when it listens. */
function listening(server: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('exit', (code) => reject(new Error(`Azurite ended with ${code}`)));
    if (server.stdout === null) return reject(new Error('no stdout'));
    createInterface(server.stdout).on('line', (line) => {
      const origin = /listens on (http:\/\/\S+)/.exec(line)?.[1];
      if (origin !== undefined) resolve(origin);
    });
  });
}
