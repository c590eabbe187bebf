/** Frames of WebSockets: whatever the fragments and the chunks, the messages stay what they were. */
import { buffer } from 'node:stream/consumers';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as ws from 'ws';
import type { BodyScan } from '../../src/gateway/dlp/scan.ts';
import { scanFrames } from '../../src/gateway/frame.ts';

type Frame = { mask: boolean; readOnly: boolean; rsv1: boolean; opcode: number; fin: boolean };
type Receiver = {
  on(event: 'message', listener: (data: Buffer, binary: boolean) => void): void;
  on(event: 'ping', listener: () => void): void;
  write(bytes: Buffer): void;
};

/** Its types leave out the two halves that it consists of. */
const { Receiver, Sender } = ws as unknown as {
  readonly Receiver: new (options: { isServer: boolean }) => Receiver;
  readonly Sender: { frame(data: Buffer, options: Frame): Buffer[] };
};

/** Holds back the last bytes of what it has seen, as a scan for secrets does. */
function lagging(lag: number): BodyScan {
  let held: Buffer = Buffer.alloc(0);
  return {
    push: async (chunk) => {
      const all = Buffer.concat([held, chunk]);
      const at = Math.max(0, all.length - lag);
      held = all.subarray(at);
      return all.subarray(0, at);
    },
    end: async () => held,
    findings: () => [],
  };
}

type Sent = { readonly data: Buffer; readonly binary: boolean; readonly cuts: readonly number[] };

/** The bytes of messages, each in the fragments that `cuts` make, with a ping after each fragment. */
async function framesOf(messages: readonly Sent[], masked: boolean): Promise<Buffer> {
  const frames: Buffer[] = [];
  const options = { mask: masked, readOnly: false, rsv1: false };
  const frame = (data: Buffer, opcode: number, fin: boolean) =>
    frames.push(...Sender.frame(Buffer.from(data), { ...options, opcode, fin }));
  for (const { data, binary, cuts } of messages) {
    const ends = [...cuts.map((cut) => cut % (data.length + 1)), data.length].sort((a, b) => a - b);
    let from = 0;
    for (const [index, to] of ends.entries()) {
      frame(data.subarray(from, to), index > 0 ? 0 : binary ? 2 : 1, index === ends.length - 1);
      frame(Buffer.from('ping'), 9, true);
      from = to;
    }
  }
  return Buffer.concat(frames);
}

async function through(bytes: Buffer, sizes: readonly number[], masked: boolean, lag: number) {
  const codec = scanFrames({ masked, scan: () => lagging(lag), found: () => {} });
  const out = buffer(codec);
  let at = 0;
  for (let i = 0; at < bytes.length; i += 1) {
    const size = sizes[i % sizes.length] ?? 1;
    codec.write(bytes.subarray(at, at + size));
    at += size;
  }
  codec.end();
  return out;
}

function messagesIn(bytes: Buffer, isServer: boolean) {
  const receiver = new Receiver({ isServer });
  const messages: { data: Buffer; binary: boolean }[] = [];
  let pings = 0;
  receiver.on('message', (data, binary) => messages.push({ data, binary }));
  receiver.on('ping', () => {
    pings += 1;
  });
  receiver.write(bytes);
  return { messages, pings };
}

const message = fc.record({
  data: fc.oneof(
    fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
    fc.constant(Buffer.alloc(70_000, 'long ')),
  ),
  binary: fc.constant(true),
  cuts: fc.array(fc.nat(), { maxLength: 3 }),
});

describe('scanned frames', () => {
  test.each([true, false])('are the same messages (masked: %s)', async (masked) => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(message, { maxLength: 4 }),
        fc.array(fc.integer({ min: 1, max: 5000 }), { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 0, max: 200 }),
        async (messages, sizes, lag) => {
          const bytes = await framesOf(messages, masked);
          const seen = messagesIn(await through(bytes, sizes, masked, lag), masked);
          expect(seen.messages).toEqual(messages.map(({ data, binary }) => ({ data, binary })));
          expect(seen.pings).toBe(messages.flatMap(({ cuts }) => [...cuts, 0]).length);
        },
      ),
      { numRuns: 60 },
    );
  });

  test.each([
    ['compressed', [0xc1, 0x80, 0, 0, 0, 0]],
    ['of an unknown kind', [0x83, 0x80, 0, 0, 0, 0]],
    ['not masked', [0x81, 0x01, 0x61]],
    ['a control in fragments', [0x09, 0x80, 0, 0, 0, 0]],
    ['a control too long', [0x89, 0xfe, 0, 200]],
    ['a continuation of nothing', [0x80, 0x80, 0, 0, 0, 0]],
    ['a message inside a message', [0x01, 0x80, 0, 0, 0, 0, 0x81, 0x80, 0, 0, 0, 0]],
    ['without end', [0x82, 0xff, 0xff, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0, 0]],
  ])('are refused when one is %s', async (_, bytes) => {
    const result = through(Buffer.from(bytes), [64], true, 0);
    await expect(result).rejects.toMatchObject({ rule: 'malformed' });
  });

  test('hide nothing from the scan, in controls neither', async () => {
    const shown: string[] = [];
    const codec = scanFrames({
      masked: true,
      scan: () => ({
        ...lagging(0),
        push: async (chunk) => {
          shown.push(String(chunk));
          return chunk;
        },
      }),
      found: () => {},
    });
    const text = { data: Buffer.from('abcdef'), binary: false, cuts: [3] };
    codec.end(await framesOf([text], true));
    await buffer(codec);
    expect(shown).toEqual(['abc', 'ping', 'def', 'ping']);
  });
});
