/** Reads WebSocket frames as they pass, shows each message to a scan, and frames what it lets on. */
import { randomBytes } from 'node:crypto';
import { Transform } from 'node:stream';
import { Denied } from './denied.ts';
import type { BodyScan } from './dlp/scan.ts';

export type FrameScan = {
  /** Of the sender: a client masks what it sends, a server does not. */
  readonly masked: boolean;
  /** For each message, and each control frame, one. */
  readonly scan: () => BodyScan;
  readonly found: (scan: BodyScan) => void;
};

type Head = {
  readonly final: boolean;
  readonly opcode: number;
  readonly length: number;
  readonly mask: Buffer | undefined;
  /** Of the head itself. */
  readonly size: number;
};

const CONTINUATION = 0;
const CLOSE = 8;
const OPCODES = new Set([CONTINUATION, 1, 2, CLOSE, 9, 10]);
const MAX_CONTROL_LENGTH = 125;
/** RFC 6455, 7.4.1: against the policy of who receives it. */
const POLICY_VIOLATION = 1008;

/**
 * A message may come out in other fragments than it went in, but no later than its last byte; no
 * extension may be agreed on. Fails with `malformed`, and with what the scan throws.
 */
export function scanFrames({ masked, scan, found }: FrameScan): Transform {
  let waiting: Buffer = Buffer.alloc(0);
  let head: Head | undefined;
  let passed = 0;
  let message: Message | undefined;

  /** What the scan lets on of a part of a frame, framed. */
  async function part(frame: Head, payload: Buffer, isLast: boolean): Promise<Buffer> {
    const isControl = frame.opcode >= CLOSE;
    const current = isControl ? startMessage(frame.opcode, scan()) : message;
    if (current === undefined) throw malformed('a continuation of nothing');
    const isEnd = isLast && frame.final;
    const seen = [await current.scan.push(payload), ...(isEnd ? [await current.scan.end()] : [])];
    if (isEnd) {
      found(current.scan);
      if (!isControl) message = undefined;
    }
    const bytes = Buffer.concat(seen);
    if (bytes.length === 0 && !isEnd) return bytes;
    const opcode = current.begun ? CONTINUATION : current.opcode;
    current.begun = true;
    return frameOf(opcode, isEnd, bytes, masked);
  }

  async function step(): Promise<Buffer | undefined> {
    if (head === undefined) {
      head = readHead(waiting, masked);
      if (head === undefined) return undefined;
      waiting = waiting.subarray(head.size);
      passed = 0;
      if (head.opcode !== CONTINUATION && head.opcode < CLOSE) {
        if (message !== undefined) throw malformed('a message inside a message');
        message = startMessage(head.opcode, scan());
      }
    }
    const frame = head;
    const left = frame.length - passed;
    // A control frame is so short that it goes in one piece.
    if (waiting.length < left && (waiting.length === 0 || frame.opcode >= CLOSE)) return undefined;
    const payload = unmask(waiting.subarray(0, left), frame.mask, passed);
    waiting = waiting.subarray(payload.length);
    passed += payload.length;
    const isLast = passed === frame.length;
    if (isLast) head = undefined;
    return part(frame, payload, isLast);
  }

  async function take(chunk: Buffer): Promise<Buffer> {
    waiting = waiting.length === 0 ? chunk : Buffer.concat([waiting, chunk]);
    const out: Buffer[] = [];
    for (let next = await step(); next !== undefined; next = await step()) out.push(next);
    return Buffer.concat(out);
  }
  return new Transform({
    transform: (chunk: Buffer, _, done) => {
      take(chunk).then((bytes) => done(null, bytes), done);
    },
  });
}

/** A frame of the gateway's own, to a client: it ends the connection and says why. */
export function closeFrame(denied: Denied): Buffer {
  const reason = Buffer.from(`bottle-action: denied (${denied.rule})`);
  const code = Buffer.from([POLICY_VIOLATION >> 8, POLICY_VIOLATION & 0xff]);
  return frameOf(CLOSE, true, Buffer.concat([code, reason]), false);
}

type Message = { readonly opcode: number; readonly scan: BodyScan; begun: boolean };

function startMessage(opcode: number, scan: BodyScan): Message {
  return { opcode, scan, begun: false };
}

/** RFC 6455, 5.2. Undefined: not all of it is there yet. */
function readHead(bytes: Buffer, masked: boolean): Head | undefined {
  const [first, second] = bytes;
  if (first === undefined || second === undefined) return undefined;
  const [final, opcode, short] = [first >= 0x80, first & 0x0f, second & 0x7f];
  const isControl = opcode >= CLOSE;
  if ((first & 0x70) !== 0 || !OPCODES.has(opcode)) throw malformed('an unknown kind of frame');
  if (second >= 0x80 !== masked) throw malformed('a frame is masked where none is, or the reverse');
  if (isControl && (!final || short > MAX_CONTROL_LENGTH)) throw malformed('a long control frame');
  const lengthSize = short === 126 ? 2 : short === 127 ? 8 : 0;
  const size = 2 + lengthSize + (masked ? 4 : 0);
  if (bytes.length < size) return undefined;
  const length = lengthSize === 0 ? short : Number(readLength(bytes, lengthSize));
  if (length > Number.MAX_SAFE_INTEGER) throw malformed('a frame without end');
  const mask = masked ? Buffer.from(bytes.subarray(size - 4, size)) : undefined;
  return { final, opcode, length, mask, size };
}

function readLength(bytes: Buffer, size: 2 | 8): bigint | number {
  return size === 2 ? bytes.readUInt16BE(2) : bytes.readBigUInt64BE(2);
}

/** `offset`: where in the frame the bytes stand. */
function unmask(bytes: Buffer, mask: Buffer | undefined, offset: number): Buffer {
  if (mask === undefined) return bytes;
  const plain = Buffer.from(bytes);
  for (let i = 0; i < plain.length; i += 1) {
    plain[i] = (plain[i] ?? 0) ^ (mask[(offset + i) & 3] ?? 0);
  }
  return plain;
}

function frameOf(opcode: number, final: boolean, payload: Buffer, masked: boolean): Buffer {
  const length = payload.length;
  const short = length <= MAX_CONTROL_LENGTH ? length : length < 65_536 ? 126 : 127;
  const extended = Buffer.alloc(short === 126 ? 2 : short === 127 ? 8 : 0);
  if (short === 126) extended.writeUInt16BE(length);
  if (short === 127) extended.writeBigUInt64BE(BigInt(length));
  const start = Buffer.from([(final ? 0x80 : 0) | opcode, (masked ? 0x80 : 0) | short]);
  if (!masked) return Buffer.concat([start, extended, payload]);
  const mask = randomBytes(4);
  return Buffer.concat([start, extended, mask, unmask(payload, mask, 0)]);
}

function malformed(what: string): Denied {
  return new Denied('malformed', `the WebSocket breaks its rules: ${what}`);
}
