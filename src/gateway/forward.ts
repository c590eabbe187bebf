/** Moves a request that may pass to its upstream and the answer back, as fast as both ends take it. */
import { type Readable, Transform, type Writable } from 'node:stream';
import { deniedBy } from './answer.ts';
import type { Entry } from './audit.ts';
import { Denied } from './denied.ts';
import type { BodyScan } from './dlp/scan.ts';
import type { Guest } from './guest.ts';
import { endToEnd, hasField, trailersToPass } from './header.ts';
import type { Origin } from './origin.ts';
import type { Services } from './services.ts';
import type { Answer, Sent, UpstreamRequest } from './upstream-request.ts';

/** A request that was judged, and all that goes with it. */
export type Admitted = {
  readonly services: Services;
  readonly guest: Guest;
  readonly entry: Entry;
  readonly origin: Origin;
  /** As the rules see it, without its query. */
  readonly path: string;
  readonly request: UpstreamRequest;
  readonly body: Readable;
  /** What looks at the body on its way up; undefined: nothing. */
  readonly scan: BodyScan | undefined;
};

/** @throws {Denied} what was found on the way, and `upstream-…` */
export async function forward(admitted: Admitted): Promise<void> {
  const { services, origin, guest, request } = admitted;
  const sent = await services.pool.send(origin, request, guest.onClose);
  guest.onClose(sent.abort);
  if (request.hasBody) sent.onContinue(guest.sendContinue);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  guest.onBroken(reject);
  upload(admitted, sent, reject);
  let isAnswered = false;
  sent.answer
    .then((answer) => {
      isAnswered = true;
      return download(admitted, answer);
    })
    .then(resolve, reject);
  try {
    await promise;
  } catch (error) {
    sent.abort();
    if (!isAnswered && guest.isGone()) countUnheard(admitted);
    throw error;
  }
}

/** Who hangs up before the answer begins has the model at work none the less. */
function countUnheard({ services, origin, path, entry }: Admitted): void {
  services.meter.tap(origin.route, path, 200, [], entry.bytesUp)?.end();
}

/** An upstream that takes no more says so by its answer: only what was found here refuses. */
function upload(admitted: Admitted, sent: Sent, refuse: (error: Error) => void): void {
  const { request, body, scan } = admitted;
  if (!request.hasBody) {
    sent.body.end();
    return;
  }
  const end = () => {
    sendTrailers(admitted, sent).then(() => sent.body.end(), refuse);
  };
  body.on('data', counter(admitted, 'up', refuse));
  if (scan === undefined) {
    pour(body, () => sent.body);
    body.on('end', end);
    return;
  }
  const scanned = scanning(scan).on('error', refuse).on('end', end);
  scanned.on('close', () => addFindings(admitted.entry, scan));
  body.pipe(scanned).pipe(sent.body, { end: false });
}

async function sendTrailers({ services, origin, guest }: Admitted, sent: Sent): Promise<void> {
  const trailers = trailersToPass(guest.trailers());
  if (trailers.length === 0) return;
  const { route, host } = origin;
  const head = { host, pathAndQuery: '/', headers: trailers };
  sent.sendTrailers((await services.inspector.head(route, head)).headers);
}

/** Settles when the guest has it all, or is gone. */
export async function download(admitted: Admitted, answer: Answer): Promise<void> {
  const { services, origin, guest, entry, path } = admitted;
  const { status, body } = answer;
  const { inspector } = services;
  const headers = inspector.inboundHeaders(origin.route, endToEnd(answer.headers));
  entry.status = status;
  const scan = inspector.inboundBody(origin.route, headers);
  const tap = services.meter.tap(origin.route, path, status, headers, entry.bytesUp);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  guest.onClose(resolve);
  let target: Writable | undefined;
  const begin = () => {
    try {
      target ??= guest.answer({ status, headers });
    } catch (error) {
      reject(error);
    }
    return target;
  };
  // Before the first byte of what has a length, a guest can still be told that there will be none.
  if (!hasField(headers, 'content-length')) begin();
  body.on('data', counter(admitted, 'down', reject));
  if (tap !== undefined) body.on('data', (chunk) => tap.push(chunk));
  body.on('error', (error) => reject(deniedBy(error)));
  body.on('close', () => {
    if (!body.readableEnded) reject(brokenOff());
  });
  body.on('end', () => {
    const trailers = () => inspector.inboundHeaders(origin.route, answer.trailers());
    if (answer.isComplete()) guest.sendTrailers(trailersToPass(trailers()));
    else reject(brokenOff());
  });
  const seen = scan === undefined ? body : body.pipe(scanning(scan).on('error', reject));
  pour(seen, begin);
  seen.on('end', () => {
    if (answer.isComplete()) begin()?.end();
  });
  try {
    await promise;
  } finally {
    tap?.end();
    if (scan !== undefined) addFindings(entry, scan);
  }
}

/** What the sink takes no more is dropped: who sends it is not to wait for that. */
function pour(body: Readable, sinkOf: () => Writable | undefined): void {
  body.on('data', (chunk: Uint8Array) => {
    const sink = sinkOf();
    if (sink === undefined || sink.destroyed || sink.write(chunk)) return;
    body.pause();
    sink.once('drain', () => body.resume());
  });
}

function brokenOff(): Denied {
  return new Denied('upstream-reset', 'the upstream broke off in the middle of its answer');
}

/** Tells the meter and the audit of each chunk; a listener must not throw, so the refusal is told. */
function counter(
  { services, origin, entry }: Admitted,
  direction: 'up' | 'down',
  refuse: (error: Error) => void,
): (chunk: Uint8Array) => void {
  const [field, up, down] = direction === 'up' ? UP : DOWN;
  return ({ length }) => {
    entry[field] += length;
    try {
      services.meter.count(origin.route, up * length, down * length);
    } catch (error) {
      refuse(error as Error);
    }
  };
}

const UP = ['bytesUp', 1, 0] as const;
const DOWN = ['bytesDown', 0, 1] as const;

function scanning(scan: BodyScan): Transform {
  return new Transform({
    transform: (chunk, _, done) => {
      scan.push(chunk).then((seen) => done(null, seen), done);
    },
    flush: (done) => {
      scan.end().then((rest) => done(null, rest), done);
    },
  });
}

export function addFindings(entry: Entry, { findings }: Pick<BodyScan, 'findings'>): void {
  entry.findings = [...entry.findings, ...findings()];
}
