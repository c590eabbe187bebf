import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { guardHost } from '../src/guarded-host.ts';
import type { Host, LogLocation } from '../src/host/host.ts';

const SECRET = 'ghx_3kKq9dUx7Zb1LmNcVf8Ws0Tr5Yh2Gj4Pa6Qe';
const TOKEN = `ghp_${'a1B2c3D4e5'.repeat(4).slice(0, 36)}`;

afterEach(() => {
  vi.useRealTimers();
});

/** A host that keeps every word that it is told, and what the guest logs were given, by write. */
function openHost() {
  const said: unknown[] = [];
  const written: string[] = [];
  const tell = (...words: unknown[]) => void said.push(words);
  const log = Object.fromEntries(
    ['info', 'debug', 'notice', 'warning', 'error', 'startGroup', 'endGroup'].map((name) => [
      name,
      tell,
    ]),
  );
  const openGuestLog = () => ({
    write: (chunk: Uint8Array) => void written.push(Buffer.from(chunk).toString()),
    end: () => void written.push('END'),
  });
  const raw = {
    log: { ...log, openGuestLog },
    setSecret: () => {},
    setOutput: tell,
    setFailed: tell,
    writeSummary: async (text: string) => tell(text),
  } as unknown as Host;
  return { host: guardHost(raw), said, written };
}

describe('the guarded host', () => {
  test('lets no registered value through any of its words', async () => {
    const { host, said } = openHost();
    host.log.info(`before: ${SECRET}`);
    host.setSecret(SECRET);
    const leak = `x ${SECRET} y ${Buffer.from(SECRET).toString('base64')}`;
    const at: LogLocation = { file: leak, title: leak, line: 3 };
    host.log.info(leak);
    host.log.debug(leak);
    host.log.notice(leak, at);
    host.log.warning(leak, at);
    host.log.error(leak, at);
    host.log.startGroup(leak);
    host.setOutput('result', leak);
    host.setFailed(leak);
    await host.writeSummary(leak);
    const [, ...after] = said;
    expect(after).toHaveLength(9);
    const place = expect.objectContaining({ line: 3, file: expect.stringContaining('x *** y') });
    expect(after[4]).toEqual([expect.stringContaining('x *** y'), place]);
    for (const words of after) expect(JSON.stringify(words)).not.toMatch(/ghx_|Z2h4X/);
  });

  test('keeps the rest of it as it is', () => {
    const { host, said } = openHost();
    host.setSecret(SECRET);
    host.log.warning('one ü\n two', { file: 'a.md', line: 1 });
    expect(said).toEqual([['one ü\n two', { file: 'a.md', line: 1 }]]);
  });
});

describe('the live log', () => {
  test.each([
    ['a value', SECRET],
    ['its hex', Buffer.from(SECRET).toString('hex')],
    ['it reversed', [...SECRET].toReversed().join('')],
    ['a token that nobody registered', TOKEN],
  ])('shows no %s, however the guest writes it', async (_, leak) => {
    const text = Buffer.from(`one\ntwo ${leak} three\nfour`);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(text.length), { maxLength: 8 }), async (places) => {
        const { host, written } = openHost();
        host.setSecret(SECRET);
        const log = host.log.openGuestLog('guest');
        const ends = [...places.sort((a, b) => a - b), text.length];
        let start = 0;
        for (const end of ends) {
          const chunk = Buffer.from(text.subarray(start, end));
          log.write(chunk);
          chunk.fill(0);
          start = end;
        }
        await log.end();
        expect(written.pop()).toBe('END');
        expect(written.join('')).toBe('one\ntwo *** three\nfour');
      }),
    );
  });

  test('holds a whole line no longer than 10 ms, though it might be a beginning', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { host, written } = openHost();
    host.setSecret('first line\nof a longer secret-value');
    host.setSecret(SECRET);
    const log = host.log.openGuestLog('guest');
    log.write(Buffer.from(`plain\n${SECRET.slice(0, 8)}\n`));
    await vi.advanceTimersByTimeAsync(9);
    expect(written.join('')).toBe('plain\n');
    await vi.advanceTimersByTimeAsync(1);
    expect(written.join('')).toBe(`plain\n${SECRET.slice(0, 8)}\n`);
    // More of it in a steady flow is held no longer either.
    for (let at = 0; at < 5; at++) {
      log.write(Buffer.from(`${SECRET.slice(0, 8)}\n`));
      await vi.advanceTimersByTimeAsync(5);
    }
    expect(written.join('').match(/ghx_/g)?.length).toBeGreaterThanOrEqual(4);
    await log.end();
    expect(vi.getTimerCount()).toBe(0);
  });

  test('never gives out half a line early', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { host, written } = openHost();
    host.setSecret(SECRET);
    const log = host.log.openGuestLog('guest');
    for (const letter of SECRET) {
      log.write(Buffer.from(letter));
      await vi.advanceTimersByTimeAsync(50);
    }
    log.write(Buffer.from('\n'));
    await log.end();
    expect(written.join('')).toBe('***\nEND');
  });
});
