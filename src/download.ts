/** Downloads a file by https: few redirects, capped in size and time, hashed on the way. */
import { open } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { BottleError, messageOf, type Outcome } from './errors.ts';
import type { Host, HostPath } from './host/host.ts';

/** Takes the bytes as they come, in order, and makes something of them at the end. */
export type Sink<T> = { update(chunk: Uint8Array): void; end(): T };

export type DownloadOptions<T> = {
  /** For texts: `the image`. */
  readonly what: string;
  /** The outcome of a run that cannot do without the file. */
  readonly outcome: Outcome;
  readonly fix: string;
  /** Largest body in bytes. */
  readonly maxBytes: number;
  /** Called for each attempt. */
  readonly startSink: () => Sink<T>;
  /** Ends a transfer that stands still. Default 60 000. */
  readonly stallMs?: number;
  /** Ends an attempt that takes longer altogether. Default: none does. */
  readonly attemptMs?: number;
  /** Pause before the second of three attempts; doubled before the third. Default 1000. */
  readonly retryMs?: number;
};

type DownloadHost = Pick<Host, 'log' | 'cancelled'>;

const REDIRECTS = 5;
const ATTEMPTS = 3;
const PROGRESS_MS = 10_000;
/** A server may ask for a longer pause than ours with `Retry-After`, up to this. */
const LONGEST_PAUSE_MS = 30_000;
const LOOPBACK: readonly string[] = ['127.0.0.1', '[::1]', 'localhost'];

type Failure = {
  readonly detail: string;
  /** Worth another attempt: the server or the way to it failed, not the request. */
  readonly again: boolean;
  /** How long the server wants to be left alone. */
  readonly pauseMs?: number;
  readonly cause?: unknown;
};

type Texts = Pick<DownloadOptions<unknown>, 'what' | 'outcome' | 'fix'>;

/** Without query and credentials: a signed URL is a secret. */
function shown(url: URL): string {
  return `${url.origin}${url.pathname}`;
}

function downloadError(texts: Texts, url: URL, { detail, cause }: Failure): BottleError {
  return new BottleError({
    outcome: texts.outcome,
    what: `Could not download ${texts.what}`,
    where: `${shown(url)}: ${detail}`,
    fix: texts.fix,
    cause,
  });
}

/** https, or http on this machine itself: nobody between can read or change what goes there. */
export function isSafeAddress(url: URL): boolean {
  if (url.protocol === 'https:') return true;
  return url.protocol === 'http:' && LOOPBACK.includes(url.hostname);
}

/** Follows redirects itself, so that each hop's scheme is checked. */
async function follow(start: URL, signal: AbortSignal): Promise<Response | Failure> {
  let url = start;
  for (let hop = 0; hop <= REDIRECTS; hop++) {
    if (!isSafeAddress(url)) return { detail: `${url.protocol} is not https`, again: false };
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
  return { detail: `more than ${REDIRECTS} redirects`, again: false };
}

function checkResponse(response: Response, maxBytes: number): Failure | undefined {
  const { status } = response;
  if (status !== 200) {
    const again = status === 429 || status >= 500;
    const pauseMs = again ? retryAfter(response) : 0;
    const wish = pauseMs === 0 ? '' : `, to be asked again after ${Math.ceil(pauseMs / 1000)} s`;
    return { detail: `status ${status}${wish}`, again, pauseMs };
  }
  const length = Number(response.headers.get('content-length') ?? 0);
  if (length > maxBytes) {
    return { detail: `${length} bytes, more than the limit of ${maxBytes}`, again: false };
  }
  return response.body ? undefined : { detail: 'no body', again: true };
}

/** The header in milliseconds, 0 where there is none: whole seconds or a date. */
function retryAfter(response: Response): number {
  const text = response.headers.get('retry-after') ?? '';
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now();
  return ms > 0 ? ms : 0;
}

/** An abort signal that fires when `beat` was not called for `stallMs`, or after `attemptMs`. */
function startWatch(stallMs: number, attemptMs: number | undefined, outer: AbortSignal) {
  const controller = new AbortController();
  const end = (why: string) => controller.abort(new Error(why));
  const stalled = () => end(`no data for ${stallMs} ms`);
  let timer = setTimeout(stalled, stallMs);
  const whole = attemptMs && setTimeout(() => end(`not complete after ${attemptMs} ms`), attemptMs);
  return {
    signal: AbortSignal.any([controller.signal, outer]),
    beat(): void {
      clearTimeout(timer);
      timer = setTimeout(stalled, stallMs);
    },
    end(): void {
      clearTimeout(timer);
      clearTimeout(whole);
    },
  };
}

async function attempt<T>(
  host: DownloadHost,
  url: URL,
  to: HostPath,
  options: DownloadOptions<T>,
): Promise<{ readonly result: T } | Failure> {
  const { what, maxBytes, stallMs = 60_000, attemptMs } = options;
  const watch = startWatch(stallMs, attemptMs, host.cancelled);
  const file = await open(to, 'w', 0o600);
  try {
    const response = await follow(url, watch.signal);
    if ('detail' in response) return response;
    const failure = checkResponse(response, maxBytes);
    if (failure) {
      await response.body?.cancel();
      return failure;
    }
    const sink = options.startSink();
    let bytes = 0;
    let told = Date.now();
    for await (const chunk of response.body as ReadableStream<Uint8Array>) {
      watch.beat();
      bytes += chunk.length;
      if (bytes > maxBytes) {
        return { detail: `more than the limit of ${maxBytes} bytes`, again: false };
      }
      sink.update(chunk);
      await file.write(chunk);
      if (Date.now() - told < PROGRESS_MS) continue;
      told = Date.now();
      host.log.info(`Downloading ${what}: ${Math.round(bytes / 2 ** 20)} MiB so far`);
    }
    return { result: sink.end() };
  } catch (error) {
    host.cancelled.throwIfAborted();
    const cause = error instanceof Error && error.cause ? error.cause : error;
    return { detail: messageOf(cause), again: true, cause: error };
  } finally {
    watch.end();
    await file.close();
  }
}

/**
 * Downloads `url` into the file `to` and returns what the sink made of it; the caller compares. A
 * truncated body counts as a failed attempt. Throws `BottleError` after three attempts, at once for
 * answers that will not change.
 */
export async function download<T>(
  host: DownloadHost,
  url: string,
  to: HostPath,
  options: DownloadOptions<T>,
): Promise<T> {
  const parsed = URL.parse(url);
  if (!parsed) {
    throw new BottleError({
      outcome: 'config-invalid',
      what: `The address of ${options.what} is no URL`,
      where: JSON.stringify(url),
      fix: 'Write https://….',
    });
  }
  for (let pause = options.retryMs ?? 1000, tries = 1; ; pause *= 2, tries++) {
    const ended = await attempt(host, parsed, to, options);
    if ('result' in ended) return ended.result;
    const wanted = ended.pauseMs ?? 0;
    if (!ended.again || tries === ATTEMPTS || wanted > LONGEST_PAUSE_MS) {
      throw downloadError(options, parsed, ended);
    }
    host.log.info(`The download failed (${ended.detail}); trying again`);
    await sleep(Math.max(pause, wanted), undefined, { signal: host.cancelled });
  }
}
