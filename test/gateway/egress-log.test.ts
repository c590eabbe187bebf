/** The audit file and its sums: every line kept in order, equal refusals counted, nothing believed. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type EgressLog, openEgressLog } from '../../src/gateway/egress-log.ts';
import { type EgressLine, egressSchemaText, parseMessage } from '../../src/gateway/message.ts';
import type { GatewayDecision } from '../../src/gateway/protocol.ts';

let directory: string;
let log: EgressLog;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'egress-log-'));
  log = await openEgressLog(join(directory, 'egress.jsonl'));
});
afterEach(async () => {
  await log.close();
  rmSync(directory, { recursive: true });
});

const ALLOWED: GatewayDecision = {
  type: 'decision',
  time: '2026-01-02T03:04:05.678Z',
  decision: 'allowed',
  rule: 'route',
  detail: '',
  route: '*.example.com',
  method: 'GET',
  host: 'api.example.com',
  port: 443,
  path: '/v1/things',
  status: 200,
  bytesUp: 120,
  bytesDown: 3400,
  milliseconds: 12.5,
  credential: 'API_TOKEN',
  findings: [],
};
const DENIED: GatewayDecision = {
  ...ALLOWED,
  decision: 'denied',
  rule: 'no-route',
  detail: 'no route for evil.example.net',
  route: '',
  host: 'evil.example.net',
  status: 403,
  credential: '',
};
const LIMIT = {
  type: 'limit',
  limit: 'tokens',
  level: 'near',
  used: 80,
  allowed: 100,
  route: '',
} as const;
const ASKED: EgressLine = {
  type: 'supervise',
  time: ALLOWED.time,
  tool: 'request_egress',
  fields: { host: 'docs.example.org' },
};
const USED: EgressLine = {
  type: 'usage',
  requests: 3,
  tokens: { input: 1, output: 2, cacheRead: 3, cacheWrite: 4 },
  bytes: 5,
};

async function add(...lines: EgressLine[]) {
  await Promise.all(lines.map((line) => log.add(line)));
}

describe('the audit file', () => {
  test('holds each line as it came, in order, and closes whole', async () => {
    const lines = [ALLOWED, DENIED, LIMIT, ASKED, USED, ALLOWED];
    await add(...lines);
    await log.close();
    const text = readFileSync(join(directory, 'egress.jsonl'), 'utf8');
    expect(
      text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual(lines);
  });

  test('is as the published schema says', () => {
    const published = readFileSync(
      new URL('../../schema/egress.schema.json', import.meta.url),
      'utf8',
    );
    expect(published).toBe(egressSchemaText());
    const validate = new Ajv2020({ strict: false, validateFormats: false }).compile(
      JSON.parse(published),
    );
    for (const line of [ALLOWED, DENIED, LIMIT, ASKED, USED]) expect(validate(line)).toBe(true);
    expect(validate({ ...ALLOWED, body: 'x' })).toBe(false);
    expect(validate({ ...ALLOWED, rule: 'because' })).toBe(false);
  });
});

describe('the sums', () => {
  test('count by decision and by route', async () => {
    const failed: GatewayDecision = {
      ...ALLOWED,
      decision: 'failed',
      rule: 'upstream-dns',
      status: 502,
    };
    await add(ALLOWED, ALLOWED, failed, DENIED, DENIED, DENIED);
    const facts = log.facts();
    expect(facts).toMatchObject({ allowed: 2, failed: 1, denied: 3, cut: false });
    expect(facts.routes).toEqual([
      {
        route: '*.example.com',
        requests: 2,
        denied: 0,
        failed: 1,
        bytesUp: 360,
        statuses: { 200: 2 },
        bytesDown: 10_200,
      },
    ]);
    expect(facts.denials).toEqual([
      expect.objectContaining({ host: 'evil.example.net', rule: 'no-route', times: 3 }),
    ]);
    expect(facts.failures).toEqual([expect.objectContaining({ rule: 'upstream-dns', times: 1 })]);
  });

  test('keep what was asked for, what was found, and the last usage', async () => {
    const finding = {
      detector: 'known_secrets',
      label: 'canary',
      where: 'body',
      action: 'blocked',
    } as const;
    await add(ASKED, { ...DENIED, rule: 'dlp', findings: [finding, finding] }, USED);
    await add({ ...USED, requests: 4, reckoned: 7 });
    const { requests, findings, usage } = log.facts();
    expect(requests).toEqual([ASKED]);
    expect(findings).toEqual([{ ...finding, times: 2 }]);
    expect(usage).toMatchObject({ requests: 4, reckoned: 7 });
  });

  test('leave out what was ours, once each', async () => {
    await add(DENIED, { ...DENIED, rule: 'handshake', host: '' }, DENIED);
    const facts = log.facts([
      { rule: 'no-route', host: DENIED.host },
      { rule: 'handshake', host: '' },
      { rule: 'port', host: '' },
    ]);
    expect(facts.denied).toBe(1);
    expect(facts.denials).toEqual([expect.objectContaining({ host: DENIED.host, times: 1 })]);
  });

  test('leave out a route that only we have tried', async () => {
    const ours = { rule: 'not-tls', route: 'a.example.com', host: 'a.example.com' } as const;
    await add({ ...DENIED, ...ours }, ALLOWED);
    const facts = log.facts([{ rule: ours.rule, host: ours.host }]);
    expect(facts.denied).toBe(0);
    expect(facts.routes.map(({ route }) => route)).toEqual([ALLOWED.route]);
  });

  test('do not grow with what a guest makes up', async () => {
    for (let index = 0; index < 2000; index++) await add({ ...DENIED, host: `h${index}.example` });
    expect(log.facts().denied).toBe(2000);
    expect(log.facts().denials).toHaveLength(500);
  });
});

describe('a message of the gateway process', () => {
  test('may say that tokens were reckoned', () => {
    const line = { ...USED, reckoned: 3 };
    expect(parseMessage(JSON.stringify(line))).toEqual(line);
  });

  test.each([
    ['no JSON', '{'],
    ['no object', '[]'],
    ['an unknown type', '{"type":"hello"}'],
    ['a field too many', JSON.stringify({ ...ALLOWED, secret: 'x' })],
    ['a number that is none', JSON.stringify({ ...ALLOWED, bytesUp: -1 })],
    ['a text without end', JSON.stringify({ ...ALLOWED, host: 'x'.repeat(5000) })],
  ])('that is %s is not believed', (_, line) => {
    expect(() => parseMessage(line)).toThrow();
  });
});
