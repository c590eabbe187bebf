/** Covers the secrets that the checks have found wherever else the change shows them. */
import { createReadStream, createWriteStream } from 'node:fs';
import { rename } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import type { SecretSearch } from '../git-check/secret-search.ts';
import type { HostPath } from '../host/host.ts';
import { createCover, type Piece } from '../secret/cover.ts';
import type { Match } from '../secret/matcher.ts';

const LABEL = Buffer.from('***');

export async function coverText(search: SecretSearch, text: string): Promise<string> {
  const bytes = Buffer.from(text);
  const matches = await search.find(bytes);
  if (matches.length === 0) return text;
  const cover = createCover();
  return Buffer.concat([...cover.push(bytes, matches, 0), ...cover.end()].map(shown)).toString();
}

/** Rewrites the file where there is something to cover. */
export async function coverFile(search: SecretSearch, path: HostPath): Promise<void> {
  const matches = await findAll(search, path);
  if (matches.length === 0) return;
  const covered = `${path}.covered`;
  await pipeline(coveredBytes(path, matches), createWriteStream(covered));
  await rename(covered, path);
}

async function findAll(search: SecretSearch, path: HostPath): Promise<readonly Match[]> {
  const searching = search.stream();
  const matches: Match[] = [];
  for await (const chunk of createReadStream(path)) matches.push(...(await searching.push(chunk)));
  matches.push(...(await searching.end()));
  return matches;
}

async function* coveredBytes(path: HostPath, matches: readonly Match[]): AsyncGenerator<Buffer> {
  const cover = createCover();
  let all: readonly Match[] = matches;
  for await (const chunk of createReadStream(path)) {
    yield Buffer.concat(cover.push(chunk, all, 0).map(shown));
    all = [];
  }
  yield Buffer.concat(cover.end().map(shown));
}

function shown({ bytes, covered, isStart }: Piece): Uint8Array {
  if (!covered) return bytes;
  return isStart ? LABEL : Buffer.alloc(0);
}
