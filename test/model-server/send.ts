/** Sends an answer in pieces, and does what goes wrong with it on the way. */
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Transform, Writable } from 'node:stream';
import { pipeline } from 'node:stream';
import {
  createBrotliCompress,
  createDeflate,
  createGzip,
  createZstdCompress,
  type Zlib,
} from 'node:zlib';
import type { Fault, ScriptedAnswer } from './scenario.ts';

export type Pieces = {
  readonly pieces: readonly string[];
  /** What an endless answer goes on with. */
  readonly filler: string;
  /** What is no JSON and no event. */
  readonly garbage: string;
};

type Coding = ScriptedAnswer['coding'];

const ENCODERS: Readonly<Record<Exclude<Coding, 'identity'>, () => Transform & Zlib>> = {
  gzip: createGzip,
  deflate: createDeflate,
  br: createBrotliCompress,
  zstd: createZstdCompress,
};

/** The head must be set on `response`. Ends when all is sent, or nobody listens any more. */
export async function sendPieces(
  response: ServerResponse,
  { pieces, filler, garbage }: Pieces,
  coding: Coding,
  fault: Fault | undefined,
): Promise<void> {
  const out = encoderFor(response, coding);
  const after = fault?.after ?? pieces.length;
  for (const piece of pieces.slice(0, after)) await out.write(piece);
  // What was written still goes out, as it does before a real connection breaks.
  if (fault?.kind === 'cut') return response.socket?.destroySoon();
  if (fault?.kind === 'hang') return void (await once(response, 'close'));
  if (fault?.kind === 'garble') await out.write(garbage);
  while (fault?.kind === 'endless' && !response.destroyed) await out.write(filler);
  for (const piece of pieces.slice(after)) await out.write(piece);
  await out.end();
}

/** Each piece is on the wire before the next is made, however slow the other end reads. */
function encoderFor(response: ServerResponse, coding: Coding) {
  if (coding === 'identity') {
    return { write: (piece: string) => send(response, piece), end: () => end(response) };
  }
  const encoder = ENCODERS[coding]();
  pipeline(encoder, response, () => undefined);
  return {
    async write(piece: string) {
      await send(encoder, piece);
      await new Promise<void>((flushed) => encoder.flush(flushed));
    },
    end: () => end(encoder),
  };
}

async function send(stream: Writable, piece: string): Promise<void> {
  if (stream.destroyed || stream.write(piece)) return;
  const done = new AbortController();
  const events = ['drain', 'close'].map((name) => once(stream, name, { signal: done.signal }));
  await Promise.race(events).catch(() => undefined);
  done.abort();
  await Promise.allSettled(events);
}

async function end(stream: Writable): Promise<void> {
  if (!stream.destroyed) await new Promise<void>((ended) => stream.end(ended));
}
