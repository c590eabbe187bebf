/**
 * Finds the usage objects in JSON of any size as it streams by, in constant memory: nothing is kept
 * but the keys on the way down and the bytes of a usage object itself.
 */
import type { EventSink } from './event-stream.ts';

/** Where usage is: at the top, in the `message` or `response` that a stream's event carries. */
const USAGE_PATHS = new Set([
  'usage',
  'message.usage',
  'response.usage',
  'usageMetadata',
  'response.usageMetadata',
]);

/** Containers below this depth hold no usage; Gemini's stream without `alt=sse` is an array around. */
const DEEPEST = 3;
const LONGEST_KEY = 32;
const LONGEST_USAGE = 16 * 1024;

const [QUOTE, BACKSLASH, COMMA, COLON] = [0x22, 0x5c, 0x2c, 0x3a];
const [OPEN_OBJECT, CLOSE_OBJECT, OPEN_ARRAY, CLOSE_ARRAY] = [0x7b, 0x7d, 0x5b, 0x5d];

/** One container on the way down: what it is, and the key that was read last. */
type Frame = { readonly isObject: boolean; key: string; isAtKey: boolean };

type Found = (path: string, usage: unknown) => void;

/** `found` is called for each whole usage object, with its path: keys joined by dots. */
export function scanUsage(found: Found): EventSink {
  const capture = makeCapture(found);
  let frames: Frame[] = [];
  let depth = 0;
  let text: 'none' | 'value' | 'key' = 'none';
  let isEscaped = false;

  const reset = () => {
    frames = [];
    depth = 0;
    text = 'none';
    isEscaped = false;
    capture.drop();
  };
  const shallow = () => (depth <= DEEPEST ? frames[depth - 1] : undefined);

  const open = (isObject: boolean) => {
    const path = isObject && shallow() !== undefined ? pathOf(frames) : '';
    if (USAGE_PATHS.has(path)) capture.begin(path, depth);
    depth++;
    if (depth <= DEEPEST) frames.push({ isObject, key: '', isAtKey: isObject });
  };
  const close = () => {
    if (depth === 0) return;
    if (depth <= DEEPEST) frames.pop();
    depth--;
    capture.endAt(depth);
  };
  const readText = (byte: number) => {
    const frame = shallow();
    if (!isEscaped && byte === QUOTE) text = 'none';
    else if (text === 'key' && frame !== undefined && frame.key.length < LONGEST_KEY) {
      frame.key += String.fromCharCode(byte);
    }
    isEscaped = !isEscaped && byte === BACKSLASH;
  };
  const readStructure = (byte: number) => {
    const frame = shallow();
    if (byte === QUOTE) {
      text = frame?.isAtKey ? 'key' : 'value';
      if (text === 'key' && frame !== undefined) frame.key = '';
    } else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) open(byte === OPEN_OBJECT);
    else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) close();
    else if (frame?.isObject && byte === COLON) frame.isAtKey = false;
    else if (frame?.isObject && byte === COMMA) frame.isAtKey = true;
  };
  return {
    reset,
    push(bytes) {
      for (let at = 0; at < bytes.length; at++) {
        if (text === 'value' && !isEscaped && !capture.isOn()) at = skipText(bytes, at);
        const byte = bytes[at];
        if (byte === undefined) return;
        capture.add(byte);
        if (text === 'none') readStructure(byte);
        else readText(byte);
      }
    },
  };
}

/** Keeps the bytes of one usage object, from its opening brace to the one that closes it. */
function makeCapture(found: Found) {
  let usage: { path: string; depth: number; bytes: number[] } | undefined;
  return {
    isOn: () => usage !== undefined,
    drop() {
      usage = undefined;
    },
    begin(path: string, depth: number) {
      usage = { path, depth, bytes: [OPEN_OBJECT] };
    },
    add(byte: number) {
      if (usage !== undefined && usage.bytes.length < LONGEST_USAGE) usage.bytes.push(byte);
    },
    endAt(depth: number) {
      if (usage?.depth !== depth) return;
      const { path, bytes } = usage;
      usage = undefined;
      const value = bytes.length < LONGEST_USAGE ? parse(bytes) : undefined;
      if (value !== undefined) found(path, value);
    },
  };
}

/** An array may be around the whole; in one further down no usage is. */
function pathOf([outermost, ...inner]: readonly Frame[]): string {
  if (!inner.every(({ isObject }) => isObject)) return '';
  const around = outermost?.isObject ? [outermost] : [];
  return [...around, ...inner].map(({ key }) => key).join('.');
}

/** To the byte that ends or escapes the text: most of an answer is text, and passes fast here. */
function skipText(bytes: Uint8Array, from: number): number {
  let at = from;
  while (at < bytes.length && bytes[at] !== QUOTE && bytes[at] !== BACKSLASH) at++;
  return at;
}

function parse(bytes: readonly number[]): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString());
  } catch {
    return undefined;
  }
}
