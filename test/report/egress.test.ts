/** What the record and the outputs say about the gateway, and the routes that they advise. */
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { Denial, EgressFacts } from '../../src/gateway/egress-log.ts';
import { bottleSchema } from '../../src/manifest/schema.ts';
import { actionOutputs } from '../../src/report/action-output.ts';
import { adviseAsked, adviseRoutes } from '../../src/report/egress-advice.ts';
import { makeRecord } from '../../src/report/record.ts';
import { EGRESS, PLAN, SUCCESS } from './scenario.ts';

const REACH = PLAN.reach;
const LEARN = { ...REACH, mode: { value: 'learn', source: 'bottle' } } as const;
const DENIAL: Denial = {
  rule: 'no-route',
  route: '',
  method: 'CONNECT',
  host: 'a.example.com',
  port: 443,
  path: '',
  detail: '',
  times: 1,
};

function advise(denials: readonly Partial<Denial>[], reach: typeof REACH | typeof LEARN = REACH) {
  const facts: EgressFacts = {
    ...EGRESS,
    denials: denials.map((denial) => ({ ...DENIAL, ...denial })),
  };
  return adviseRoutes(facts, reach);
}

/** The routes as the manifest's own schema reads them. */
function routesOf(advice: string) {
  const egress = parse(advice).egress;
  const read = bottleSchema.parse({ agent_provider: { template: 'claude' }, egress });
  return read.egress?.routes;
}

describe('the advice', () => {
  test('names each denied host once, with the ports that are not usual', () => {
    const advice = advise([
      {},
      { port: 8443 },
      { port: 9000 },
      { host: 'b.example.com', port: 80 },
    ]);
    expect(advice).toBe(
      [
        'egress:',
        '  routes:',
        '    - host: a.example.com',
        '      ports: [80, 443, 8443, 9000]',
        '    - host: b.example.com',
        '',
      ].join('\n'),
    );
    expect(routesOf(advice)).toHaveLength(2);
  });

  test('says which kinds of requests did not fit', () => {
    const miss = { rule: 'no-match', method: 'PUT', path: '/a' } as const;
    const advice = advise([miss, { ...miss, path: '/b' }, { ...miss, method: 'GET' }]);
    expect(routesOf(advice)).toMatchObject([
      {
        host: 'a.example.com',
        matches: [
          {
            methods: ['PUT'],
            paths: [
              { type: 'exact', value: '/a' },
              { type: 'exact', value: '/b' },
            ],
          },
          { methods: ['GET'], paths: [{ type: 'exact', value: '/a' }] },
        ],
      },
    ]);
  });

  test.each(['ip-literal', 'private-address', 'dlp', 'name-mismatch', 'limit-tokens'] as const)(
    'never opens what %s refused',
    (rule) => {
      expect(advise([{ rule }])).toBe('');
    },
  );

  test.each(['', 'localhost', 'a.example\n  - host: evil', '*', 'A.example', 'a..b'])(
    'takes no host %j from a guest',
    (host) => expect(advise([{ host }])).toBe(''),
  );

  test('is YAML whatever stood in a path', () => {
    const path = '/"\n    - host: evil.example\u2028 # {}';
    const advice = advise([{ rule: 'no-match', method: 'GET', path }]);
    expect(parse(advice).egress.routes).toEqual([
      {
        host: 'a.example.com',
        matches: [{ methods: ['GET'], paths: [{ type: 'exact', value: path }] }],
      },
    ]);
  });

  test('makes routes of what the agent asked for, and of no host that is none', () => {
    const ask = (fields: Record<string, string>) => ({ tool: 'request_egress', fields });
    const asked = [
      ask({ host: 'Docs.example.org', reason: 'x' }),
      ask({ host: 'a b' }),
      ask({}),
      { tool: 'report_status', fields: { host: 'b.example' } },
    ];
    expect(routesOf(adviseAsked(asked))?.map(({ host }) => host)).toEqual(['docs.example.org']);
    expect(adviseAsked([])).toBe('');
  });

  test('has the ports, methods and paths that the agent asked for, where they are such', () => {
    const ask = (fields: Record<string, string>) => ({ tool: 'request_egress', fields });
    const host = 'docs.example.org';
    const asked = [
      ask({ host, port: '8443', methods: 'GET\nHEAD\nEVIL: x', paths: '/v1/a\n/v1/b\nno path' }),
      ask({ host, port: '-1', methods: '', paths: '' }),
      ask({ host, port: '443', methods: 'GET\nHEAD', paths: '/"#\n/\u2028' }),
    ];
    const exact = (value: string) => ({ type: 'exact', value });
    expect(routesOf(adviseAsked(asked))).toEqual([
      {
        host,
        ports: [80, 443, 8443],
        matches: [{ methods: ['GET', 'HEAD'], paths: ['/v1/a', '/v1/b', '/"#'].map(exact) }],
      },
    ]);
  });

  test('in learn mode is the least that this run used and missed', () => {
    expect(routesOf(advise([{}], LEARN))?.map(({ host }) => host)).toEqual([
      'api.example.com',
      '*.example.org',
      'a.example.com',
    ]);
  });

  test('keeps what a route says already, and leaves out what comes by itself', () => {
    const dlp = { outbound: ['known_secrets'], inbound: [], onMatch: 'redact' } as const;
    const usual = { ports: [443, 80], tls: 'open', dlp } as const;
    const match = { methods: ['GET'], paths: [{ type: 'prefix', value: '/v1' } as const] };
    const auth = { scheme: 'header', header: 'x-key', name: 'KEY' } as const;
    const routes = [
      { ...usual, host: 'own.example.com', matches: [match], auth, source: 'bottle.md:7' },
      { ...usual, host: 'r.example.com', matches: [], source: 'preset npm' },
      { ...usual, host: 'model.example.com', matches: [], source: 'provider claude' },
      { ...usual, host: 'unused.example.com', matches: [], source: 'bottle.md:9' },
    ];
    const used = { requests: 1, denied: 0, failed: 0, bytesUp: 0, bytesDown: 0, statuses: {} };
    const traffic = routes.map(({ host: route }) => ({ ...used, route }));
    const miss = { rule: 'no-match', route: 'own.example.com', host: 'own.example.com' } as const;
    const denials = [{ ...DENIAL, ...miss, method: 'PUT', path: '/v2' }];
    const advice = adviseRoutes(
      { ...EGRESS, routes: traffic.slice(0, 3), denials },
      { ...LEARN, routes },
    );
    expect(advice).not.toContain('model.example.com');
    expect(parse(advice).egress.presets).toEqual(['npm']);
    expect(routesOf(advice)).toEqual([
      {
        host: 'own.example.com',
        auth: { scheme: 'header', token_ref: 'KEY', header: 'x-key' },
        dlp: {
          outbound_detectors: ['known_secrets'],
          inbound_detectors: false,
          outbound_on_match: 'redact',
        },
        matches: [match, { methods: ['PUT'], paths: [{ type: 'exact', value: '/v2' }] }],
      },
    ]);
  });
});

describe('the outputs', () => {
  const outputs = actionOutputs(makeRecord(SUCCESS), { patch: '', record: '', structured: '' });

  test('name the denied hosts once each, as JSON', () => {
    expect(JSON.parse(outputs.denied)).toEqual(['telemetry.example.net', 'api.example.com']);
  });

  test('give the tokens of all kinds, and nothing where no model was asked', () => {
    expect(outputs.tokens).toBe('51234');
    const usage = { ...EGRESS.usage, requests: 0 };
    const silent = makeRecord({ ...SUCCESS, egress: { ...EGRESS, usage } });
    expect(actionOutputs(silent, { patch: '', record: '', structured: '' }).tokens).toBe('');
  });
});
