/** Downloads an image by https into a file: few redirects, capped, hashed on the way. */
import { open } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { BottleError, messageOf } from '../errors.ts';
import type { Host, HostPath } from '../host/host.ts';
import { type Digests, startDigests } from './digest.ts';

export type DownloadOptions = {
  /** Largest body in bytes. */
  readonly maxBytes: number;
  /** Ends a transfer that stands still. Default 60 000. */
  readonly stallMs?: number;
  /** Pause before the second of three attempts; doubled before the third. Default 1000. */
  readonly retryMs?: number;
};

const REDIRECTS = 5;
const ATTEMPTS = 3;
const PROGRESS_MS = 10_000;
const LOOPBACK: readonly string[] = ['127.0.0.1', '[::1]', 'localhost'];

/** Worth another attempt: the server or the way to it failed, not the request. */
type Failure = { readonly detail: string; readonly again: boolean; readonly cause?: unknown };

/** Without query and credentials: a signed URL is a secret. */
function shown(url: URL): string {
  return `${url.origin}${url.pathname}`;
}

function downloadError(url: URL, { detail, cause }: Failure): BottleError {
  return new BottleError({
    outcome: 'image-failed',
    what: 'The image could not be downloaded',
    where: `${shown(url)}: ${detail}`,
    fix: 'Check the URL of the image, and that this runner can reach it.',
    cause,
  });
}

/** https, or http on this machine itself. */
function checkScheme(url: URL): void {
  if (url.protocol === 'https:') return;
  if (url.protocol === 'http:' && LOOPBACK.includes(url.hostname)) return;
  throw downloadError(url, { detail: `${url.protocol} is not https`, again: false });
}

/** Follows redirects itself, so that each hop's scheme is checked. */
async function follow(start: URL, signal: AbortSignal): Promise<Response> {
  let url = start;
  for (let hop = 0; hop <= REDIRECTS; hop++) {
    checkScheme(url);
    const response = await fetch(url, {
      redirect: 'manual',
      // What is hashed must be what is stored: no decoding on the way.
      headers: { 'accept-encoding': 'identity' },
      signal,
    });
    const location = response.headers.get('location');
    if (response.status < 300 || response.status >= 400 || location === null) return response;
    await response.body?.cancel();
    url = new URL(location, url);
  }
  throw downloadError(start, { detail: `more than ${REDIRECTS} redirects`, again: false });
}

function checkResponse(response: Response, maxBytes: number): Failure | undefined {
  const { status } = response;
  if (status !== 200) {
    return { detail: `status ${status}`, again: status === 429 || status >= 500 };
  }
  const length = Number(response.headers.get('content-length') ?? 0);
  if (length > maxBytes) {
    return { detail: `${length} bytes, more than the limit of ${maxBytes}`, again: false };
  }
  return response.body ? undefined : { detail: 'no body', again: true };
}

/** An abort signal that fires when `beat` was not called for `stallMs`. */
function startWatch(stallMs: number, outer: AbortSignal) {
  const controller = new AbortController();
  const stalled = () => controller.abort(new Error(`no data for ${stallMs} ms`));
  let timer = setTimeout(stalled, stallMs);
  return {
    signal: AbortSignal.any([controller.signal, outer]),
    beat(): void {
      clearTimeout(timer);
      timer = setTimeout(stalled, stallMs);
    },
    end: () => clearTimeout(timer),
  };
}

async function attempt(
  host: Pick<Host, 'log' | 'cancelled'>,
  url: URL,
  to: HostPath,
  { maxBytes, stallMs = 60_000 }: DownloadOptions,
): Promise<Digests | Failure> {
  const watch = startWatch(stallMs, host.cancelled);
  const file = await open(to, 'w', 0o600);
  try {
    const response = await follow(url, watch.signal);
    const failure = checkResponse(response, maxBytes);
    if (failure) {
      await response.body?.cancel();
      return failure;
    }
    const digests = startDigests();
    let bytes = 0;
    let told = Date.now();
    for await (const chunk of response.body as ReadableStream<Uint8Array>) {
      watch.beat();
      bytes += chunk.length;
      if (bytes > maxBytes) {
        return { detail: `more than the limit of ${maxBytes} bytes`, again: false };
      }
      digests.update(chunk);
      await file.write(chunk);
      if (Date.now() - told < PROGRESS_MS) continue;
      told = Date.now();
      host.log.info(`Downloading the image: ${Math.round(bytes / 2 ** 20)} MiB so far`);
    }
    return digests.end();
  } catch (error) {
    host.cancelled.throwIfAborted();
    if (error instanceof BottleError) throw error;
    const cause = error instanceof Error && error.cause ? error.cause : error;
    return { detail: messageOf(cause), again: true, cause: error };
  } finally {
    watch.end();
    await file.close();
  }
}

/**
 * Downloads `url` into the file `to` and returns its digests; the caller compares them. A truncated
 * body counts as a failed attempt. Throws `image-failed` after three attempts, at once for answers
 * that will not change.
 */
export async function download(
  host: Pick<Host, 'log' | 'cancelled'>,
  url: string,
  to: HostPath,
  options: DownloadOptions,
): Promise<Digests> {
  const parsed = URL.parse(url);
  if (!parsed) {
    throw new BottleError({
      outcome: 'config-invalid',
      what: 'The address of the image is no URL',
      where: JSON.stringify(url),
      fix: 'Write https://….',
    });
  }
  for (let pause = options.retryMs ?? 1000, tries = 1; ; pause *= 2, tries++) {
    const result = await attempt(host, parsed, to, options);
    if ('sha256' in result) return result;
    if (!result.again || tries === ATTEMPTS) throw downloadError(parsed, result);
    host.log.info(`The download failed (${result.detail}); trying again`);
    await sleep(pause, undefined, { signal: host.cancelled });
  }
}
