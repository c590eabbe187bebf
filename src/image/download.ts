/** Downloads an image by https into a file, with its digests. */
import { download } from '../download.ts';
import type { Host, HostPath } from '../host/host.ts';
import { type Digests, startDigests } from './digest.ts';

/** @throws {BottleError} `image-failed` when it cannot be had. The caller compares the digests. */
export async function downloadImage(
  host: Pick<Host, 'log' | 'cancelled'>,
  url: string,
  to: HostPath,
  maxBytes: number,
): Promise<Digests> {
  return await download(host, url, to, {
    what: 'the image',
    outcome: 'image-failed',
    fix: 'Check the URL of the image, and that this runner can reach it.',
    maxBytes,
    startSink: startDigests,
  });
}
