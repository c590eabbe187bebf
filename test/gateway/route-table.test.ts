/** A host has at most one route, and a request fits it or does not. */
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { Denied } from '../../src/gateway/denied.ts';
import type { GatewayRoute, RouteMatch } from '../../src/gateway/protocol.ts';
import { compileRoutes, matchRequest } from '../../src/gateway/route-table.ts';

function routeFor(host: string, matches: RouteMatch[] = [], ports = [443, 80]): GatewayRoute {
  const dlp = { outbound: [], inbound: [], onMatch: 'block' } as const;
  return { host, ports, tls: 'open', matches, dlp, source: 'test' };
}

const ruleOf = (ask: () => unknown) => {
  try {
    return ask();
  } catch (error) {
    if (error instanceof Denied) return error.rule;
    throw error;
  }
};

describe('finding', () => {
  const hosts = ['a.example', '*.a.example', '*.c.a.example', 'x.c.a.example', '*.example.com'];
  const table = compileRoutes(hosts.map((host) => routeFor(host)));
  test.each([
    ['a.example', 'a.example'],
    ['b.a.example', '*.a.example'],
    ['c.a.example', '*.a.example'],
    ['y.c.a.example', '*.c.a.example'],
    ['x.c.a.example', 'x.c.a.example'],
    ['z.x.c.a.example', '*.c.a.example'],
    ['a.b.example.com', '*.example.com'],
    ['example.com', 'no-route'],
    ['b.example', 'no-route'],
    ['nota.example', 'no-route'],
    ['a.example.evil', 'no-route'],
    ['example', 'no-route'],
    ['*.a.example', '*.a.example'],
    ['constructor', 'no-route'],
  ])('%s: %s', (host, found) => {
    const route = ruleOf(() => table.find({ host, port: 443 }));
    expect(typeof route === 'string' ? route : (route as GatewayRoute).host).toBe(found);
  });

  test('the exact route’s ports count, not those of a suffix', () => {
    const ported = compileRoutes([
      routeFor('a.example', [], [8443]),
      routeFor('*.example', [], [443]),
    ]);
    expect(ruleOf(() => ported.find({ host: 'a.example', port: 443 }))).toBe('port');
    expect(ported.find({ host: 'a.example', port: 8443 }).host).toBe('a.example');
    expect(ported.find({ host: 'b.example', port: 443 }).host).toBe('*.example');
  });

  test('no route, nothing passes', () => {
    expect(ruleOf(() => compileRoutes([]).find({ host: 'a.example', port: 443 }))).toBe('no-route');
  });

  test('of two routes for a host the first counts', () => {
    const first = routeFor('a.example');
    expect(
      compileRoutes([first, routeFor('a.example')]).find({ host: 'a.example', port: 80 }),
    ).toBe(first);
  });

  test('10,000 routes take as many look-ups as 10', () => {
    const lookUps = (count: number) => {
      const many = Array.from({ length: count }, (_, at) =>
        routeFor(at % 2 === 0 ? `h${at}.example` : `*.s${at}.example`),
      );
      const some = compileRoutes(many);
      const get = vi.spyOn(Map.prototype, 'get');
      try {
        for (const host of ['h8.example', 'a.b.s9.example', 'a.b.c.d.none']) {
          ruleOf(() => some.find({ host, port: 443 }));
        }
        return get.mock.calls.length;
      } finally {
        get.mockRestore();
      }
    };
    expect(lookUps(10_000)).toBe(lookUps(10));
    expect(lookUps(10)).toBeLessThanOrEqual(1 + 3 + 5);
  });
});

describe('matching', () => {
  type Seen = Partial<Parameters<typeof matchRequest>[1]>;
  const fits = (match: RouteMatch | RouteMatch[], seen: Seen) =>
    ruleOf(() =>
      matchRequest(routeFor('a.example', [match].flat()), {
        method: 'GET',
        path: '/',
        headers: [],
        ...seen,
      }),
    ) ?? 'fits';
  const withPath = (type: 'exact' | 'prefix' | 'regex', value: string, path: string) =>
    fits({ paths: [{ type, value }] }, { path });

  test.each([
    ['exact', '/a', '/a', 'fits'],
    ['exact', '/a', '/a/', 'no-match'],
    ['exact', '/a', '/A', 'no-match'],
    ['exact', '/a b', '/a%20b', 'fits'],
    ['exact', '/café', '/caf%C3%A9', 'fits'],
    ['exact', '/caf%c3%a9', '/caf%C3%A9', 'fits'],
    ['exact', '/@a%2fb', '/@a%2Fb', 'fits'],
    ['exact', '/@a/b', '/@a%2Fb', 'malformed'],
    ['prefix', '/a', '/a', 'fits'],
    ['prefix', '/a', '/a/', 'fits'],
    ['prefix', '/a', '/a/b', 'fits'],
    ['prefix', '/a/', '/a/b', 'fits'],
    ['prefix', '/a/', '/a', 'fits'],
    ['prefix', '/a', '/ab', 'no-match'],
    ['prefix', '/a', '/a;b', 'no-match'],
    ['prefix', '/a', '//a', 'no-match'],
    ['prefix', '/', '/a/b', 'fits'],
    ['prefix', '/a', '/a/b%2Fc', 'malformed'],
    ['prefix', '/', '/b%2Fc', 'malformed'],
    ['prefix', '/a%2Fb', '/a%2Fb/c', 'fits'],
    ['prefix', '/a%2Fb', '/a%2Fb/c%2Fd', 'malformed'],
    ['regex', '/a/[^/]+', '/a/b', 'fits'],
    ['regex', '/a/[^/]+', '/a/b/c', 'no-match'],
    ['regex', '/a', '/ab', 'no-match'],
    ['regex', '/a', '/x/a', 'no-match'],
    ['regex', '/a|/b', '/b', 'fits'],
    ['regex', '/a|/b', '/ab', 'no-match'],
    ['regex', '/a|/b', '/a/b', 'no-match'],
    ['regex', '/a/[^/]+', '/a/b%2Fc', 'malformed'],
    ['regex', '/a/[^/]+%2f[^/]+|/a/b%2Fc', '/a/b%2Fc', 'fits'],
    ['regex', '.*', `/${'a'.repeat(4000)}`, 'no-match'],
  ] as const)('%s %s with %s: %s', (type, value, path, expected) => {
    expect(withPath(type, value, path)).toBe(expected);
  });

  test('methods, headers and paths must all fit; one entry is enough', () => {
    const match = {
      paths: [
        { type: 'exact', value: '/a' },
        { type: 'exact', value: '/b' },
      ],
      methods: ['GET', 'POST'],
      headers: [{ name: 'X-Kind', value: 'one' }],
    } satisfies RouteMatch;
    const headers = [['x-KIND', 'one']] as const;
    expect(fits(match, { path: '/b', method: 'POST', headers })).toBe('fits');
    expect(fits(match, { path: '/c', method: 'POST', headers })).toBe('no-match');
    expect(fits(match, { path: '/b', method: 'PUT', headers })).toBe('no-match');
    expect(fits(match, { path: '/b', method: 'get', headers })).toBe('no-match');
    expect(fits(match, { path: '/b', method: 'POST' })).toBe('no-match');
    expect(fits([match, { methods: ['PUT'] }], { path: '/c', method: 'PUT' })).toBe('fits');
  });

  test('a header that is there twice must have the value both times', () => {
    const match = { headers: [{ name: 'x-kind', value: 'one' }] };
    const twice = (value: string) =>
      fits(match, {
        headers: [
          ['x-kind', 'one'],
          ['X-Kind', value],
        ],
      });
    expect(twice('one')).toBe('fits');
    expect(twice('two')).toBe('no-match');
  });

  test.each(['X-HTTP-Method-Override', 'x-method-override', 'X-Original-URL'])(
    '%s makes no method or path of its own',
    (name) => {
      expect(fits({ methods: ['GET'] }, { headers: [[name, 'DELETE']] })).toBe('no-match');
      expect(fits([], { headers: [[name, 'DELETE']] })).toBe('fits');
    },
  );

  test('a regex is compiled once for its route', () => {
    const route = routeFor('a.example', [{ paths: [{ type: 'regex', value: '/[a-z]+' }] }]);
    const ask = () => matchRequest(route, { method: 'GET', path: '/ab', headers: [] });
    ask();
    const RegExpAsItIs = globalThis.RegExp;
    let made = 0;
    globalThis.RegExp = new Proxy(RegExpAsItIs, {
      construct(target, parts) {
        made += 1;
        return Reflect.construct(target, parts);
      },
    });
    try {
      ask();
    } finally {
      globalThis.RegExp = RegExpAsItIs;
    }
    expect(made).toBe(0);
  });

  test('a prefix lets only through what is below it', () => {
    const segment = fc.string({ unit: fc.constantFrom(...'abc.-_;'), minLength: 1, maxLength: 3 });
    const segments = fc.array(segment, { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(segments, segments, (rule, asked) => {
        const below = rule.every((part, at) => asked[at] === part);
        const outcome = withPath('prefix', `/${rule.join('/')}`, `/${asked.join('/')}`);
        expect(outcome).toBe(below ? 'fits' : 'no-match');
      }),
    );
  });
});
