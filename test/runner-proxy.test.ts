/** The variables by which the runner's programs find its proxy, read as they read them. */
import { expect, test } from 'vitest';
import { readRunnerProxy } from '../src/runner-proxy.ts';

const server = (host: string, port: number, authorization = '') => ({ host, port, authorization });

test.each([
  [{}, undefined],
  [{ https_proxy: ' ', no_proxy: 'a' }, undefined],
  [{ HTTPS_PROXY: 'http://p.example:3128/' }, { https: server('p.example', 3128), except: [] }],
  [{ https_proxy: 'p.example' }, { https: server('p.example', 80), except: [] }],
  [{ https_proxy: 'p.example:8080' }, { https: server('p.example', 8080), except: [] }],
  [
    { https_proxy: 'http://one', HTTPS_PROXY: 'http://two', HTTP_PROXY: 'http://three' },
    { http: server('three', 80), https: server('one', 80), except: [] },
  ],
  [
    { HTTPS_PROXY: 'http://me:p%40ss%3A@[::1]:1', NO_PROXY: 'A.example, b.example ,.c' },
    {
      https: server('::1', 1, `Basic ${btoa('me:p@ss:')}`),
      except: ['a.example', 'b.example', '.c'],
    },
  ],
  [
    { https_proxy: 'http://100%@p' },
    { https: server('p', 80, `Basic ${btoa('100%:')}`), except: [] },
  ],
])('%j', (env, expected) => {
  expect(readRunnerProxy({ env })).toEqual(expected);
});

test.each(['socks5://p:1080', 'https://p', 'http://', 'http://p:99999', 'p p'])(
  '%s is refused, and what it holds is not said',
  (address) => {
    const HTTPS_PROXY = address.replace('//', '//me:hunter2@');
    const read = () => readRunnerProxy({ env: { HTTPS_PROXY } });
    expect(read).toThrow(/HTTPS_PROXY/);
    expect(read).not.toThrow(/hunter2/);
  },
);
