/** Puts any bytes under a cache key, as somebody with a client of their own could. */
import { createHash } from 'node:crypto';
import type { ResultsService } from '../results-service/service.ts';

const SERVICE = 'twirp/github.actions.results.api.v1.CacheService';
/** How the client computes the version of an entry of ours: its paths, its method, its salt. */
const VERSION = createHash('sha256').update('/dev/null|zstd-without-long|1.0').digest('hex');

export async function uploadArchive(
  service: ResultsService,
  key: string,
  archive: Uint8Array<ArrayBuffer>,
): Promise<void> {
  const call = async (method: string, body: object): Promise<Record<string, unknown>> => {
    const response = await fetch(`${service.url}/${SERVICE}/${method}`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${service.env.ACTIONS_RUNTIME_TOKEN}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify({ key, version: VERSION, ...body }),
    });
    const answer = (await response.json()) as Record<string, unknown>;
    if (!answer.ok) throw new Error(`${method}: ${JSON.stringify(answer)}`);
    return answer;
  };
  const { signed_upload_url } = await call('CreateCacheEntry', {});
  const put = await fetch(String(signed_upload_url), {
    method: 'PUT',
    headers: { 'x-ms-blob-type': 'BlockBlob', 'x-ms-version': '2024-11-04' },
    body: archive,
  });
  if (!put.ok) throw new Error(`the blob: ${put.status} ${await put.text()}`);
  await call('FinalizeCacheEntryUpload', { size_bytes: String(archive.length) });
}
