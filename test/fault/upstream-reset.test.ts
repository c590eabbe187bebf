/** Upstreams that break off at any point: the guest sees it, and one line in the audit says it. */
import { afterEach, describe, expect, test } from 'vitest';
import type { DenialRule } from '../../src/gateway/protocol.ts';
import { type Behaviour, type BrokenUpstream, startBrokenUpstream } from './broken-upstream.ts';
import { BROKEN, openScene, requestTo, type Scene, type Way } from './scene.ts';

let broken: BrokenUpstream;
let scene: Scene;
afterEach(async () => {
  await scene.close();
  await broken.close();
});

async function open(behaviour: Behaviour, way: Way): Promise<void> {
  broken = await startBrokenUpstream(BROKEN, behaviour);
  scene = await openScene(broken, way);
}

const WAYS = ['plain', 'open'] as const;
const HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n';
const BREAKS = ['reset', 'end'] as const;

describe.each(WAYS)('a request, %s,', (way) => {
  describe.each(BREAKS)('that an upstream ends with a %s', (how) => {
    test('as soon as it is connected', async () => {
      const onAccept: Behaviour['onAccept'] = (tcp) => {
        if (how === 'reset') tcp.resetAndDestroy();
        else tcp.end();
        return true;
      };
      await open({ onAccept }, way);
      const told = await scene.ask(way);
      // A reset may also come before the connection counts as made.
      expect(told.status).toBe(502);
      expect(['upstream-reset', 'upstream-connect']).toContain(told.denied);
      expect(told.text).toContain(`bottle-action: denied (${told.denied}): `);
      await scene.expectOneLine(told.denied as DenialRule);
    });

    test.each([
      ['before its answer', ''],
      ['in the status line', 'HTTP/1.1 2'],
      ['in the head', `${HEAD}Content-Le`],
      ['after an interim answer', 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n'],
    ])('%s', async (_, said) => {
      const onData: Behaviour['onData'] = (line) => {
        line.say(said);
        line[how]();
      };
      await open({ onData }, way);
      expect(await scene.ask(way)).toMatchObject({ status: 502, denied: 'upstream-reset' });
      await scene.expectOneLine('upstream-reset');
    });

    test.each([
      ['before the first byte of a body', `${HEAD}Content-Length: 100\r\n\r\n`],
      ['in a body of known length', `${HEAD}Content-Length: 100\r\n\r\nhalf`],
      ['between chunks', `${HEAD}Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n`],
      ['in a chunk', `${HEAD}Transfer-Encoding: chunked\r\n\r\n40\r\nhalf`],
      [
        'before the trailers end',
        `${HEAD}Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n0\r\nA: b`,
      ],
    ])('%s', async (_, said) => {
      const onData: Behaviour['onData'] = (line) => {
        line.say(said);
        line[how]();
      };
      await open({ onData }, way);
      const { text } = await scene.ask(way);
      // Either it came in time for a refusal, or the guest can see that the body is not whole.
      const body = text.slice(text.indexOf('\r\n\r\n') + 4);
      if (/^HTTP\/1\.1 200 /.test(text)) {
        expect(body.length).toBeLessThan(100);
        expect(body.endsWith('0\r\n\r\n')).toBe(false);
      } else expect(text).toMatch(/^HTTP\/1\.1 502 [\s\S]*upstream-reset/);
      await scene.expectOneLine('upstream-reset');
    });

    test('after its answer: the answer counts', async () => {
      const onData: Behaviour['onData'] = (line) => {
        line.say(`${HEAD}Content-Length: 5\r\n\r\nwhole`);
        line[how]();
      };
      await open({ onData }, way);
      const told = await scene.ask(way);
      expect(told).toMatchObject({ status: 200, denied: '' });
      expect(told.text).toMatch(/\r\n\r\nwhole$/);
      await scene.expectOneLine('route');
      // A connection that was kept and is dead by now must not cost the next request.
      expect(await scene.ask(way)).toMatchObject({ status: 200 });
    });

    test('while the guest uploads', async () => {
      const onData: Behaviour['onData'] = (line) => {
        if (line.heard.length > 100_000) line[how]();
      };
      await open({ onData }, way);
      const post = requestTo(way, '/', 'Content-Length: 10000000\r\n').replace('GET', 'POST');
      const told = await scene.ask(way, post + 'x'.repeat(10_000_000));
      expect([told.status, told.denied]).toEqual([502, 'upstream-reset']);
      await scene.expectOneLine('upstream-reset');
    });
  });

  test.each([
    ['bytes that are no HTTP', '\0\x01 nonsense\r\n\r\n'],
    ['a head of a megabyte', `${HEAD}X-Long: ${'x'.repeat(1_000_000)}\r\n\r\n`],
    ['lengths that differ', `${HEAD}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab`],
    [
      'length and chunks',
      `${HEAD}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    ],
    ['a header with a NUL', `${HEAD}X-Nul: a\0b\r\nContent-Length: 0\r\n\r\n`],
  ])('that is answered with %s', async (_, said) => {
    await open({ onData: (line) => line.say(said) }, way);
    expect(await scene.ask(way)).toMatchObject({ status: 502, denied: 'upstream-reset' });
    await scene.expectOneLine('upstream-reset');
  });

  test('that nobody takes', async () => {
    await open({}, way);
    await broken.close();
    expect(await scene.ask(way)).toMatchObject({ status: 502, denied: 'upstream-connect' });
    await scene.expectOneLine('upstream-connect');
  });
});

describe('a tunnel', () => {
  test.each(BREAKS)('that an upstream ends with a %s as soon as it is connected', async (how) => {
    const onAccept: Behaviour['onAccept'] = (tcp) => {
      if (how === 'reset') tcp.resetAndDestroy();
      else tcp.end();
      return true;
    };
    await open({ onAccept }, 'tunnel');
    expect((await scene.ask('tunnel')).text).toBe('');
    if (how === 'end') await scene.expectOneLine('route');
    else await scene.expectOneLine('upstream-reset', 'upstream-connect');
  });

  test('that an upstream resets in the middle is closed', async () => {
    const onData: Behaviour['onData'] = (line) => {
      line.say(`${HEAD}Content-Length: 100\r\n\r\nhalf`);
      line.reset();
    };
    await open({ onData }, 'tunnel');
    expect((await scene.ask('tunnel')).text).not.toContain('X-Bottle-Denied');
    await scene.expectOneLine('upstream-reset');
  });

  test('that nobody takes is closed by an alert', async () => {
    await open({}, 'tunnel');
    await broken.close();
    const told = await scene.ask('tunnel');
    expect(told).toMatchObject({ text: '', error: 'ERR_SSL_TLSV1_ALERT_ACCESS_DENIED' });
    await scene.expectOneLine('upstream-connect');
  });
});
