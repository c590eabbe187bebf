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

  test('in learn mode is the least that this run used and missed', () => {
    expect(routesOf(advise([{}], LEARN))?.map(({ host }) => host)).toEqual([
      'api.example.com',
      '*.example.org',
      'a.example.com',
    ]);
  });
});

describe('the outputs', () => {
  const outputs = actionOutputs(makeRecord(SUCCESS), { patch: '', record: '' });

  test('name the denied hosts once each, as JSON', () => {
    expect(JSON.parse(outputs.denied)).toEqual(['telemetry.example.net', 'api.example.com']);
  });

  test('give the tokens of all kinds, and nothing where no model was asked', () => {
    expect(outputs.tokens).toBe('51234');
    const usage = { ...EGRESS.usage, requests: 0 };
    const silent = makeRecord({ ...SUCCESS, egress: { ...EGRESS, usage } });
    expect(actionOutputs(silent, { patch: '', record: '' }).tokens).toBe('');
  });
});
