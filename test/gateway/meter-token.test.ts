/** Every vendor's answers are counted rightly, however they arrive. */
import {
  brotliCompressSync,
  createBrotliCompress,
  createGzip,
  createZstdCompress,
  deflateRawSync,
  deflateSync,
  gzipSync,
  zstdCompressSync,
} from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { makeMeter } from '../../src/gateway/meter.ts';
import type { GatewayRoute, GatewayUsage, ModelApi } from '../../src/gateway/protocol.ts';
import { ANSWERS, ANTHROPIC_STREAM, events, type MeteredAnswer } from './meter-answer.ts';

const routeOf = (api: ModelApi): GatewayRoute => ({
  host: 'model.test',
  ports: [443],
  tls: 'open',
  matches: [],
  dlp: { outbound: [], inbound: [], onMatch: 'block' },
  meter: api,
  source: 'a test',
});

type Given = Pick<MeteredAnswer, 'api' | 'path'> & {
  readonly chunks: readonly Uint8Array[];
  readonly status?: number;
  readonly coding?: string;
  readonly requestBytes?: number;
};

/** What one answer is counted as, once the meter says so. */
function count({ api, path, chunks, status = 200, coding, requestBytes }: Given) {
  return new Promise<GatewayUsage>((resolve) => {
    const route = routeOf(api);
    const meter = makeMeter(
      { tokens: null, requests: null, bytes: null },
      [route],
      (message) => message.type === 'usage' && resolve(message),
    );
    const headers = coding === undefined ? [] : [['Content-Encoding', coding] as const];
    const tap = meter.tap(route, path, status, headers, requestBytes);
    for (const chunk of chunks) tap?.push(chunk);
    tap?.end();
  });
}

function cutAt(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const ends = [...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length];
  const sorted = ends.sort((a, b) => a - b);
  return sorted.map((end, at) => bytes.subarray(sorted[at - 1] ?? 0, end));
}

const CODINGS: Readonly<Record<string, readonly [string, (bytes: Buffer) => Buffer]>> = {
  none: ['identity', (bytes) => bytes],
  gzip: ['gzip', gzipSync],
  'gzip in capitals': ['GZIP', gzipSync],
  deflate: ['deflate', deflateSync],
  'deflate without its header': ['deflate', deflateRawSync],
  brotli: ['br', brotliCompressSync],
  zstd: ['zstd', zstdCompressSync],
};

const NONE = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 };
const anthropic = { api: 'anthropic', path: '/v1/messages' } as const;

describe.each(ANSWERS)('$name', ({ api, path, body, tokens }) => {
  const bytes = Buffer.from(body);

  test('is counted as the vendor says', async () => {
    const usage = await count({ api, path, chunks: [bytes] });
    expect(usage.tokens).toEqual(tokens);
    expect(usage.reckoned).toBeUndefined();
  });

  test('is counted alike in single bytes', async () => {
    const chunks = [...bytes].map((byte) => Uint8Array.of(byte));
    expect((await count({ api, path, chunks })).tokens).toEqual(tokens);
  });

  test.each(Object.keys(CODINGS))('is counted alike in any chunks, coding: %s', async (name) => {
    const [coding, encode] = CODINGS[name] ?? ['', (given: Buffer) => given];
    const encoded = encode(bytes);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(encoded.length), { maxLength: 40 }), async (cuts) => {
        const chunks = cutAt(encoded, cuts);
        const usage = await count({ api, path, chunks, coding });
        expect(usage.tokens).toEqual(tokens);
      }),
      { numRuns: 30 },
    );
  });

  test('is counted alike with any line breaks', async () => {
    for (const lineBreak of ['\r\n', '\r']) {
      const chunks = [Buffer.from(body.replaceAll(/\r?\n/g, lineBreak))];
      expect((await count({ api, path, chunks })).tokens).toEqual(tokens);
    }
  });
});

describe('what brings no usage', () => {
  const chat = { api: 'openai', path: '/v1/chat/completions' } as const;
  const body = 'data: {"choices":[{"delta":{"content":"hello"}}],"usage":null}\n\ndata: [DONE]\n\n';

  test('is reckoned from the bytes of request and answer, and said to be', async () => {
    const usage = await count({ ...chat, chunks: [Buffer.from(body)], requestBytes: 401 });
    const output = Math.ceil(body.length / 4);
    expect(usage.tokens).toEqual({ ...NONE, input: 101, output });
    expect(usage.reckoned).toBe(101 + output);
  });

  test('is reckoned from what it decodes to', async () => {
    const long = Buffer.from(body.repeat(100));
    const usage = await count({ ...chat, chunks: [gzipSync(long)], coding: 'gzip' });
    expect(usage.tokens.output).toBe(long.length / 4);
  });

  test.each(['compress', 'gzip, br', 'constructor'])(
    'is reckoned from the wire where the coding is unknown: %s',
    async (coding) => {
      const usage = await count({ ...anthropic, chunks: [Buffer.alloc(400)], coding });
      expect(usage.tokens).toEqual({ ...NONE, output: 100 });
    },
  );

  test('is nothing for a refused request', async () => {
    for (const status of [400, 401, 429, 500, 529, 101]) {
      const chunks = [Buffer.from(ANTHROPIC_STREAM)];
      const usage = await count({ ...anthropic, chunks, status, requestBytes: 4000 });
      expect(usage.tokens).toEqual(NONE);
    }
  });

  test.each([
    '/v1/messages/count_tokens',
    '/v1/models',
    '/v1/models/gpt-5',
    '/v1beta/models/gemini-2.5-pro:countTokens',
    '/v1/responses/input_tokens',
  ])('is nothing for what costs nothing: %s', async (path) => {
    const chunks = [Buffer.from('{"input_tokens":2000,"usage":{"input_tokens":2000}}')];
    const usage = await count({ ...anthropic, path, chunks, requestBytes: 4000 });
    expect(usage.tokens).toEqual(NONE);
  });
});

describe('a cut answer', () => {
  const start = ANTHROPIC_STREAM.indexOf('event: content_block_start');
  const cut = ANTHROPIC_STREAM.indexOf('event: message_delta');

  test('counts what was said before, and reckons the output', async () => {
    const usage = await count({
      ...anthropic,
      chunks: [Buffer.from(ANTHROPIC_STREAM.slice(0, cut))],
      requestBytes: 9999,
    });
    expect(usage.tokens).toMatchObject({ input: 25, cacheRead: 4000, cacheWrite: 300 });
    const output = Math.ceil(Buffer.byteLength(ANTHROPIC_STREAM.slice(0, cut)) / 4);
    expect(usage.tokens.output).toBe(output);
    expect(usage.reckoned).toBe(output - 2);
  });

  test('never counts less output than a fourth of the text that came, wherever it is cut', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: start, max: cut }), async (at) => {
        const body = Buffer.from(ANTHROPIC_STREAM.slice(0, at));
        const usage = await count({ ...anthropic, chunks: [body] });
        expect(usage.tokens.output).toBeGreaterThanOrEqual(body.length / 4);
        expect(usage.tokens.cacheRead).toBe(4000);
      }),
    );
  });

  test.each([
    ['gzip', createGzip],
    ['br', createBrotliCompress],
    ['zstd', createZstdCompress],
  ] as const)('is read as far as it was sent off: %s', async (coding, createEncoder) => {
    const encoder = createEncoder();
    encoder.write(ANTHROPIC_STREAM.slice(0, start));
    await new Promise<void>((flushed) => encoder.flush(flushed));
    const usage = await count({ ...anthropic, chunks: [encoder.read()], coding });
    encoder.destroy();
    expect(usage.tokens).toMatchObject({ input: 25, cacheRead: 4000 });
    expect(usage.tokens.output).toBe(Math.ceil(start / 4));
  });

  test('is counted where it is broken in the middle', async () => {
    const coded = gzipSync(ANTHROPIC_STREAM);
    coded.fill(0xff, coded.length / 2);
    const usage = await count({ ...anthropic, chunks: [coded], coding: 'gzip', requestBytes: 40 });
    expect(usage.tokens.output).toBeGreaterThanOrEqual(Math.ceil(coded.length / 4));
  });
});

describe('hostile and odd answers', () => {
  const last = events(['message_delta', { type: 'message_delta', usage: { output_tokens: 7 } }]);

  test('an event of many megabytes hides no usage, and is not kept', async () => {
    const chunk = Buffer.alloc(1024 * 1024, 'x');
    const before = process.memoryUsage().arrayBuffers;
    const chunks = [
      Buffer.from('data: {"type":"content_block_delta","delta":{"text":"'),
      ...Array.from({ length: 64 }, () => chunk),
      Buffer.from('"},"usage":{"input_tokens":3,"output_tokens":5}}\n\n'),
    ];
    const usage = await count({ ...anthropic, chunks });
    expect(usage.tokens).toEqual({ ...NONE, input: 3, output: 5 });
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * 1024 * 1024);
  });

  test('deep nesting, a huge usage and a huge key hide no usage that follows', async () => {
    const bodies = [
      `data: ${'['.repeat(1_000_000)}\n\n`,
      `data: {"usage":{"x":"${'x'.repeat(100_000)}"}}\n\n`,
      `data: {"${'usage'.repeat(10_000)}":{"output_tokens":99}}\n\n`,
    ];
    for (const body of bodies) {
      const usage = await count({ ...anthropic, chunks: [Buffer.from(body + last)] });
      expect(usage.tokens.output).toBe(7);
    }
  });

  test.each([
    'data: {"usage":{"output_tokens":9\n\n',
    'data: not json at all {{{ """\n\n',
    'data: }}}]]]\n\n',
    'data\n\ndata:\n\n: comment {"usage":{"output_tokens":99}}\n\n',
    'event: {"usage":{"output_tokens":99}}\n\n',
    'datax: {"usage":{"output_tokens":99}}\n\n',
    'data: {"usage":{"output_tokens":-99}}\n\n',
    'data: {"usage":{"output_tokens":"99"}}\n\n',
    'data: {"usage":[{"output_tokens":99}]}\n\n',
    'data: {"a":{"usage":{"output_tokens":99}}}\n\n',
    'data: {"usage":null,"message":null,"response":[]}\n\n',
  ])('a malformed event hides no usage that follows: %j', async (event) => {
    const usage = await count({ ...anthropic, chunks: [Buffer.from(event + last)] });
    expect(usage.tokens.output).toBe(7);
  });

  test.each(['\n', '\r\n', '\r'])('an event on many lines is one event: %j', async (lineBreak) => {
    const json = JSON.stringify({ usage: { input_tokens: 3, output_tokens: 5 } }, null, 2);
    const body = `${json.replaceAll(/^/gm, 'data: ')}\n\n`.replaceAll('\n', lineBreak);
    const usage = await count({ ...anthropic, chunks: [Buffer.from(body)] });
    expect(usage.tokens).toEqual({ ...NONE, input: 3, output: 5 });
  });

  test('any bytes at all in any coding are counted, and never thrown at the proxy', async () => {
    const codings = fc.constantFrom('', 'gzip', 'deflate', 'br', 'zstd', 'nonsense');
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array()), codings, async (chunks, coding) => {
        const usage = await count({ ...anthropic, chunks, coding });
        const bytes = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
        expect(usage.tokens.output).toBeGreaterThanOrEqual(bytes / 4);
      }),
    );
  });

  test('what decodes to far more than it is does no harm', async () => {
    const bomb = gzipSync(Buffer.alloc(80 * 1024 * 1024, 'data: '), { level: 1 });
    const usage = await count({ ...anthropic, chunks: [bomb], coding: 'gzip' });
    expect(usage.tokens.output).toBeGreaterThanOrEqual((64 * 1024 * 1024) / 4);
  });
});
