/** A route of the manifest as the rule that the gateway gets. */
import { describe, expect, test } from 'vitest';
import type { RouteRule } from '../../src/gateway/protocol.ts';
import { directory, planOf } from './scene.ts';

/** What a route that says nothing but its host becomes. */
const PLAIN: RouteRule = {
  host: 'api.example',
  ports: [443, 80],
  tls: 'tunnel',
  matches: [],
  dlp: { outbound: ['token_patterns', 'known_secrets'], inbound: [], onMatch: 'block' },
  source: '.bot-bottle/bottles/dev.md:5',
};

const withRoute = (fields: string, host = 'api.example') =>
  directory(`engine: bubblewrap\negress:\n  routes:\n    - { host: "${host}"${fields} }`);

type Case = [fields: string, rule: Partial<RouteRule>];

test.each<Case>([
  ['', {}],
  [', ports: [8443]', { ports: [8443] }],
  [', max_bytes: 5', { maxBytes: 5 }],
  [
    ', auth: { scheme: Bearer, token_ref: T }',
    { tls: 'open', auth: { scheme: 'Bearer', header: 'authorization', name: 'T' } },
  ],
  [
    ', auth: { scheme: token, token_ref: T }',
    { tls: 'open', auth: { scheme: 'token', header: 'authorization', name: 'T' } },
  ],
  [
    ', auth: { scheme: header, header: X-Api-Key, token_ref: T }',
    { tls: 'open', auth: { scheme: 'header', header: 'x-api-key', name: 'T' } },
  ],
  [
    ', matches: [{ methods: [GET], headers: [{ name: X-A, value: b }] }]',
    { tls: 'open', matches: [{ methods: ['GET'], headers: [{ name: 'X-A', value: 'b' }] }] },
  ],
  [
    ', matches: [{ paths: [{ type: prefix, value: /v1 }] }]',
    { tls: 'open', matches: [{ paths: [{ type: 'prefix', value: '/v1' }] }] },
  ],
  [', dlp: {}', { tls: 'open' }],
  [
    ', dlp: { outbound_on_match: redact }',
    { tls: 'open', dlp: { ...PLAIN.dlp, onMatch: 'redact' } },
  ],
  [', dlp: { outbound_on_match: supervise }', { tls: 'open' }],
  [
    ', dlp: { outbound_detectors: [entropy] }',
    { tls: 'open', dlp: { ...PLAIN.dlp, outbound: ['entropy'] } },
  ],
  [
    ', dlp: { inbound_detectors: [naive_injection_detection] }',
    { tls: 'open', dlp: { ...PLAIN.dlp, inbound: ['naive_injection_detection'] } },
  ],
  [', dlp: { outbound_detectors: false }', { dlp: { ...PLAIN.dlp, outbound: [] } }],
  [
    ', dlp: { outbound_detectors: [], inbound_detectors: false }',
    { dlp: { ...PLAIN.dlp, outbound: [] } },
  ],
  [
    ', auth: { scheme: token, token_ref: T }, dlp: { outbound_detectors: false }',
    {
      tls: 'open',
      auth: { scheme: 'token', header: 'authorization', name: 'T' },
      dlp: { ...PLAIN.dlp, outbound: [] },
    },
  ],
])('a host%s', async (fields, rule) => {
  const { reach } = await planOf(withRoute(fields));
  expect(reach.routes).toEqual([{ ...PLAIN, ...rule }]);
});

test.each([
  ['api.anthropic.com', 'anthropic'],
  ['api.openai.com', 'openai'],
  ['generativelanguage.googleapis.com', 'gemini'],
])('what is used at %s counts, whoever writes the route', async (host, meter) => {
  const { reach } = await planOf(withRoute('', host));
  expect(reach.routes).toEqual([{ ...PLAIN, host, meter, tls: 'open' }]);
});

describe('a route with a credential', () => {
  const files = directory(
    [
      'engine: bubblewrap',
      'env: { OTHER: mine }',
      'egress:',
      '  routes:',
      '    - { host: a.example, auth: { scheme: Bearer, token_ref: MY_KEY } }',
      '    - { host: b.example, auth: { scheme: Bearer, token_ref: OTHER } }',
      '    - { host: c.example, auth: { scheme: Bearer, token_ref: MY_KEY } }',
    ].join('\n'),
  );
  const at = (line: number) => `.bot-bottle/bottles/dev.md:${line}`;

  test('gives the guest a placeholder under its name, unless env has that name', async () => {
    const value = 'placeholder-the-gateway-has-the-secret';
    expect((await planOf(files)).env).toEqual([
      { name: 'MY_KEY', kind: 'literal', value, source: at(6) },
      { name: 'OTHER', kind: 'literal', value: 'mine', source: at(3) },
    ]);
  });

  test('is named with its use and its place', async () => {
    expect((await planOf(files)).secrets).toEqual([
      { name: 'MY_KEY', use: 'route a.example', source: at(6) },
      { name: 'OTHER', use: 'route b.example', source: at(7) },
      { name: 'MY_KEY', use: 'route c.example', source: at(8) },
    ]);
  });
});
