/** Limits are told at 80 %, refuse what comes after them, and say so in the vendor's words. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Denied } from '../../src/gateway/denied.ts';
import { finalAnswer, makeMeter } from '../../src/gateway/meter.ts';
import type {
  GatewayLimit,
  GatewayLimits,
  GatewayRoute,
  GatewayUsage,
} from '../../src/gateway/protocol.ts';

const plain: GatewayRoute = {
  host: 'files.test',
  ports: [443],
  tls: 'tunnel',
  matches: [],
  dlp: { outbound: [], inbound: [], onMatch: 'block' },
  source: 'a test',
};
const model: GatewayRoute = { ...plain, host: 'model.test', tls: 'open', meter: 'anthropic' };
const small: GatewayRoute = { ...plain, host: 'small.test', maxBytes: 100 };

function meterWith(limits: Partial<GatewayLimits>) {
  const messages: (GatewayUsage | GatewayLimit)[] = [];
  const meter = makeMeter(
    { tokens: null, requests: null, bytes: null, ...limits },
    [plain, model, small],
    (message) => messages.push(message),
  );
  const answer = (output: number) => {
    const tap = meter.tap(model, '/v1/messages', 200, []);
    tap?.push(Buffer.from(JSON.stringify({ usage: { input_tokens: 1, output_tokens: output } })));
    tap?.end();
  };
  const told = () => messages.flatMap((message) => (message.type === 'limit' ? [message] : []));
  return { meter, messages, answer, told };
}

function denialOf(act: () => void): Denied | undefined {
  try {
    act();
  } catch (error) {
    if (error instanceof Denied) return error;
    throw error;
  }
  return undefined;
}

const limit = (
  name: GatewayLimit['limit'],
  level: GatewayLimit['level'],
  used: number,
  allowed = 10,
) => ({ type: 'limit', limit: name, level, used, allowed, route: '' }) as const;

describe('requests', () => {
  test('the one after the limit is refused; near and reached are told once', () => {
    const { meter, told } = meterWith({ requests: 10 });
    for (let n = 0; n < 7; n++) meter.admit(model);
    expect(told()).toEqual([]);
    for (let n = 0; n < 3; n++) meter.admit(model);
    expect(told()).toEqual([limit('requests', 'near', 8)]);
    for (let n = 0; n < 3; n++) {
      expect(denialOf(() => meter.admit(model))).toMatchObject({
        rule: 'limit-requests',
        message:
          'The limit of 10 requests for the run is reached (10 are used), so the run ends here.',
      });
    }
    expect(told()).toEqual([limit('requests', 'near', 8), limit('requests', 'reached', 10)]);
    expect(meter.used().requests).toBe(10);
  });

  test('of other routes are neither counted nor refused', () => {
    const { meter } = meterWith({ requests: 1 });
    for (let n = 0; n < 5; n++) meter.admit(plain);
    meter.admit(model);
    meter.admit(plain);
    expect(meter.used().requests).toBe(1);
  });
});

describe('tokens', () => {
  test('of all kinds fill the limit, and the next request is refused', () => {
    const { meter, messages, answer } = meterWith({ tokens: 10 });
    meter.admit(model);
    answer(6);
    meter.admit(model);
    answer(4);
    expect(denialOf(() => meter.admit(model))?.rule).toBe('limit-tokens');
    const usage = (requests: number, input: number, output: number) => ({
      type: 'usage',
      requests,
      bytes: 0,
      tokens: { input, output, cacheRead: 0, cacheWrite: 0 },
    });
    expect(messages).toEqual([
      usage(1, 1, 6),
      limit('tokens', 'near', 12),
      usage(2, 2, 10),
      limit('tokens', 'reached', 12),
    ]);
  });

  test('one answer past the limit is not cut, and other routes stay open', () => {
    const { meter, answer } = meterWith({ tokens: 10 });
    meter.admit(model);
    answer(1000);
    expect(denialOf(() => meter.count(model, 5, 5))).toBeUndefined();
    expect(denialOf(() => meter.admit(plain))).toBeUndefined();
    expect(denialOf(() => meter.admit(model))?.rule).toBe('limit-tokens');
  });

  test('an answer that is ended twice is counted once', () => {
    const { meter } = meterWith({});
    const tap = meter.tap(model, '/v1/messages', 200, []);
    tap?.push(Buffer.from('{"usage":{"input_tokens":1,"output_tokens":1}}'));
    tap?.end();
    tap?.end();
    tap?.push(Buffer.from('late'));
    expect(meter.used().tokens).toMatchObject({ input: 1, output: 1 });
  });

  test('are read on model routes alone', () => {
    expect(meterWith({}).meter.tap(plain, '/v1/messages', 200, [])).toBeUndefined();
  });
});

describe('bytes', () => {
  test('of the run cut what passes the limit, on any route, and refuse what comes later', () => {
    const { meter, told } = meterWith({ bytes: 10 });
    meter.count(plain, 3, 4);
    meter.count(model, 0, 3);
    expect(told()).toEqual([limit('bytes', 'near', 10)]);
    expect(denialOf(() => meter.count(plain, 1, 0))?.rule).toBe('limit-bytes');
    expect(denialOf(() => meter.count(model, 0, 1))?.rule).toBe('limit-bytes');
    expect(denialOf(() => meter.admit(plain))?.rule).toBe('limit-bytes');
    expect(told()).toEqual([limit('bytes', 'near', 10), limit('bytes', 'reached', 11)]);
    expect(meter.used().bytes).toBe(12);
  });

  test('of one route close that route alone', () => {
    const { meter, told } = meterWith({});
    meter.count(plain, 1000, 1000);
    meter.count(small, 50, 50);
    expect(denialOf(() => meter.admit(small))?.message).toBe(
      'The limit of 100 bytes for the route small.test is reached (100 are used), ' +
        'so nothing more passes through it.',
    );
    expect(denialOf(() => meter.admit(plain))).toBeUndefined();
    expect(told().map(({ level, route }) => [level, route])).toEqual([
      ['near', 'small.test'],
      ['reached', 'small.test'],
    ]);
  });

  test('however they come, never more than one call passes the limit', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(50)), fc.integer({ min: 0, max: 500 }), (amounts, bytes) => {
        const { meter, told } = meterWith({ bytes });
        let passed = 0;
        for (const amount of amounts) {
          if (denialOf(() => meter.count(plain, amount, 0)) === undefined) passed += amount;
        }
        expect(passed).toBeLessThanOrEqual(bytes);
        expect(told().length).toBeLessThanOrEqual(2);
      }),
    );
  });
});

describe('the final answer', () => {
  const denied = new Denied('limit-tokens', 'The limit of 10 tokens is reached.');
  const message = `bottle-action: ${denied.message}`;

  test.each([
    ['anthropic', 402, { type: 'error', error: { type: 'billing_error', message } }],
    [
      'openai',
      400,
      { error: { message, type: 'invalid_request_error', param: null, code: 'limit-tokens' } },
    ],
    ['gemini', 400, { error: { code: 400, message, status: 'FAILED_PRECONDITION' } }],
  ] as const)('is one that clients of %s understand and do not repeat', (api, status, body) => {
    const answer = finalAnswer(api, denied);
    expect(JSON.parse(answer.body)).toEqual(body);
    expect(answer.status).toBe(status);
    expect(answer.headers).toEqual({
      'content-type': 'application/json',
      'x-should-retry': 'false',
      'x-bottle-denied': 'limit-tokens',
    });
  });
});
