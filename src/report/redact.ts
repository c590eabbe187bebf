/** Finds known secret values in bytes, plain or encoded, and replaces them. */

/** A shorter value would be found in ordinary text, and is no secret worth the name. */
export const MIN_SECRET_LENGTH = 8;

const LABEL = Buffer.from('***');

export type Redactor = {
  /** There is nothing to look for. */
  readonly empty: boolean;
  text(value: string): { readonly text: string; readonly found: number };
  stream(): RedactingStream;
};

/** What comes out does not depend on how the input was cut into chunks. */
export type RedactingStream = {
  /** The bytes that are decided; the rest is held until more is known. */
  push(chunk: Uint8Array): Uint8Array;
  end(): Uint8Array;
  /** Replacements so far; matches that overlap count as one. */
  found(): number;
};

/** Looks for each secret as it is, line by line, and in base64, base64url, hex, URL and JSON. */
export function createRedactor(secrets: readonly string[]): Redactor {
  const index = indexNeedles(secrets.flatMap(encodings));
  const stream = () => (index ? createStream(index) : passThrough());
  return {
    empty: index === undefined,
    stream,
    text(value) {
      const redacting = stream();
      const bytes = Buffer.concat([redacting.push(Buffer.from(value)), redacting.end()]);
      const found = redacting.found();
      return { text: found > 0 ? bytes.toString() : value, found };
    },
  };
}

function encodings(secret: string): string[] {
  const whole = secret.toWellFormed();
  // A key of several lines stands in a patch line by line, each behind its own sign.
  const values = [whole, ...whole.split(/[\r\n]+/).map((line) => line.trim())];
  return values.filter((value) => Buffer.byteLength(value) >= MIN_SECRET_LENGTH).flatMap(encode);
}

function encode(value: string): string[] {
  const hex = Buffer.from(value).toString('hex');
  const loose = encodeURIComponent(value);
  const strict = loose.replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16)}`);
  const urls = [loose, strict, loose.replaceAll('%20', '+')];
  const base64 = [0, 1, 2].map((offset) => encodeBase64At(value, offset));
  return [
    value,
    ...base64,
    ...base64.map((text) => text.replaceAll('+', '-').replaceAll('/', '_')),
    hex,
    hex.toUpperCase(),
    ...urls.map((url) => url.replace(/%../g, (byte) => byte.toUpperCase())),
    ...urls.map((url) => url.replace(/%../g, (byte) => byte.toLowerCase())),
    JSON.stringify(value).slice(1, -1),
  ];
}

/** The base64 digits that the value alone decides when `offset` (mod 3) bytes stand before it. */
function encodeBase64At(value: string, offset: number): string {
  const bytes = Buffer.concat([Buffer.alloc(offset), Buffer.from(value)]);
  const first = Math.ceil((offset * 8) / 6);
  return bytes.toString('base64').slice(first, Math.floor((bytes.length * 8) / 6));
}

/** Wu and Manber's search for many strings at once: two bytes at a time tell how far to move on. */
type NeedleIndex = {
  readonly shift: Uint8Array;
  /** By the two bytes that end the first `MIN_SECRET_LENGTH`; longest first. */
  readonly candidates: ReadonlyMap<number, readonly Buffer[]>;
  readonly longest: number;
};

function indexNeedles(texts: readonly string[]): NeedleIndex | undefined {
  const needles = [...new Set(texts)].map((text) => Buffer.from(text));
  if (needles.length === 0) return undefined;
  needles.sort((a, b) => b.length - a.length);
  const last = MIN_SECRET_LENGTH - 1;
  const shift = new Uint8Array(65536).fill(last);
  const candidates = new Map<number, Buffer[]>();
  for (const needle of needles) {
    for (let at = 1; at <= last; at++) {
      const pair = needle.readUInt16BE(at - 1);
      shift[pair] = Math.min(shift[pair] ?? last, last - at);
    }
    const end = needle.readUInt16BE(last - 1);
    candidates.set(end, [...(candidates.get(end) ?? []), needle]);
  }
  return { shift, candidates, longest: needles[0]?.length ?? 0 };
}

function createStream(index: NeedleIndex): RedactingStream {
  let held: Buffer = Buffer.alloc(0);
  /** How many of the held bytes belong to a match that was already replaced. */
  let covered = 0;
  let found = 0;

  /** Decides every start of a match before `until` and hands out what lies before it. */
  function scan(data: Buffer, until: number): Buffer {
    const parts: Buffer[] = [];
    let done = covered;
    let at = 0;
    while (at < until) {
      const pair = ((data[at + 6] ?? 0) << 8) | (data[at + 7] ?? 0);
      const skip = index.shift[pair] ?? 0;
      if (skip > 0) {
        at += skip;
        continue;
      }
      const needle = index.candidates.get(pair)?.find((one) => startsWith(data, at, one));
      if (needle) {
        if (at >= done) {
          parts.push(data.subarray(done, at), LABEL);
          found++;
        }
        done = Math.max(done, at + needle.length);
      }
      at++;
    }
    at = Math.min(at, data.length);
    if (done < at) parts.push(data.subarray(done, at));
    held = data.subarray(at);
    covered = Math.max(0, done - at);
    return Buffer.concat(parts);
  }

  return {
    push(chunk) {
      const data = Buffer.concat([held, chunk]);
      return scan(data, data.length - index.longest + 1);
    },
    end: () => scan(held, held.length),
    found: () => found,
  };
}

function startsWith(data: Buffer, at: number, needle: Buffer): boolean {
  const end = at + needle.length;
  return end <= data.length && needle.compare(data, at, end) === 0;
}

function passThrough(): RedactingStream {
  return { push: (chunk) => chunk, end: () => Buffer.alloc(0), found: () => 0 };
}
