/** Only addresses that were checked are dialled, and every failure has a name. */
import { once } from 'node:events';
import { connect, createServer, type Server, Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { Denied } from '../../src/gateway/denied.ts';
import { type DialerParts, type Endpoint, makeDialer } from '../../src/gateway/upstream.ts';

const TARGET = { host: 'a.example', port: 443 };
const never = new AbortController().signal;
const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

async function listen(): Promise<{ server: Server; port: number }> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    closing.push(() => socket.destroy());
    socket.end('hello');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(() => server.close());
  return { server, port: (server.address() as { port: number }).port };
}

/** A socket to our server that says it went to `address`. */
const wentTo = (address: string, port: number) => {
  const socket = connect({ host: '127.0.0.1', port });
  Object.defineProperty(socket, 'remoteAddress', { value: address });
  return socket;
};

async function dial(parts: Partial<DialerParts>, signal = never): Promise<Socket> {
  const socket = await makeDialer({ connectTo: [], ...parts }).dial(TARGET, signal);
  closing.push(() => socket.destroy());
  return socket;
}

const found =
  (...addresses: string[]) =>
  () =>
    Promise.resolve(addresses.map((address) => ({ address })));
const refusal = (rule: string, detail: RegExp) =>
  expect.objectContaining({ rule, message: expect.stringMatching(detail) });

describe('addresses', () => {
  test.each([
    '127.0.0.1',
    '::1',
    '10.1.2.3',
    '169.254.169.254',
    '::ffff:8.8.8.8',
    '64:ff9b::8.8.8.8',
    'fe80::1%eth0',
    'a.example',
  ])('%s is not dialled', async (address) => {
    const dialled: Endpoint[] = [];
    const connectTo = (endpoint: Endpoint) => {
      dialled.push(endpoint);
      return new Socket();
    };
    await expect(dial({ lookup: found(address), connect: connectTo })).rejects.toEqual(
      refusal('private-address', /^the name a\.example leads to an address /),
    );
    expect(dialled).toEqual([]);
  });

  test('only the public ones of a name are dialled, as they were checked', async () => {
    const { port } = await listen();
    const dialled: Endpoint[] = [];
    const socket = await dial({
      lookup: found('10.0.0.1', '8.8.8.8', '127.0.0.1'),
      connect: (endpoint) => {
        dialled.push(endpoint);
        return wentTo(endpoint.address, port);
      },
    });
    expect(dialled).toEqual([{ address: '8.8.8.8', port: 443 }]);
    expect(socket.remoteAddress).toBe('8.8.8.8');
  });

  test('a name is looked up once: its next answer may be another', async () => {
    const { port } = await listen();
    const answers = [found('8.8.8.8'), found('127.0.0.1')];
    const socket = await dial({
      lookup: () => answers.shift()?.() ?? Promise.reject(new Error('asked too often')),
      connect: ({ address }) => wentTo(address, port),
    });
    expect(socket.remoteAddress).toBe('8.8.8.8');
    expect(answers).toHaveLength(1);
  });

  test('a socket that went elsewhere is closed', async () => {
    const { port } = await listen();
    const sockets: Socket[] = [];
    const attempt = dial({
      lookup: found('8.8.8.8'),
      connect: () => {
        const socket = connect({ host: '127.0.0.1', port });
        sockets.push(socket);
        return socket;
      },
    });
    await expect(attempt).rejects.toEqual(refusal('private-address', /of this machine/));
    expect(sockets.map(({ destroyed }) => destroyed)).toEqual([true]);
  });

  test('the workflow’s word sends a name and port anywhere', async () => {
    const { port } = await listen();
    const connectTo = [{ ...TARGET, address: '127.0.0.1', toPort: port }];
    const lookup = () => Promise.reject(new Error('looked up'));
    const socket = await dial({ connectTo, lookup });
    const [chunk] = await once(socket, 'data');
    expect(String(chunk)).toBe('hello');

    const otherPort = makeDialer({ connectTo, lookup: found('127.0.0.1') });
    await expect(otherPort.dial({ host: 'a.example', port: 80 }, never)).rejects.toEqual(
      refusal('private-address', /./),
    );
  });

  test('what the upstream has ended may still be written to', async () => {
    const { server, port } = await listen();
    const connectTo = [{ ...TARGET, address: '127.0.0.1', toPort: port }];
    const accepted = once(server, 'connection');
    const socket = await dial({ connectTo });
    const [peer] = (await accepted) as [Socket];
    await once(socket.resume(), 'end');
    socket.write('after the end');
    expect(String((await once(peer, 'data'))[0])).toBe('after the end');
  });
});

describe('attempts', () => {
  const failing = (code: string) => {
    const socket = new Socket();
    queueMicrotask(() => socket.destroy(Object.assign(new Error(code), { code })));
    return socket;
  };

  test('the next address is tried when one fails, the families in turn', async () => {
    const { port } = await listen();
    const dialled: string[] = [];
    const socket = await dial({
      lookup: found('2600::1', '2600::2', '8.8.8.1', '8.8.8.2'),
      connect: ({ address }) => {
        dialled.push(address);
        return dialled.length < 4 ? failing('ENETUNREACH') : wentTo(address, port);
      },
    });
    expect(dialled).toEqual(['2600::1', '8.8.8.1', '2600::2', '8.8.8.2']);
    expect(socket.remoteAddress).toBe('8.8.8.2');
  });

  test('the next is tried while one is silent, and who comes late is closed', async () => {
    const { port } = await listen();
    const silent = new Socket();
    const socket = await dial({
      lookup: found('8.8.8.1', '8.8.8.2'),
      connect: ({ address }) => (address === '8.8.8.1' ? silent : wentTo(address, port)),
    });
    expect(socket.remoteAddress).toBe('8.8.8.2');
    expect(silent.destroyed).toBe(true);
  });

  test('not more than eight', async () => {
    const addresses = Array.from({ length: 50 }, (_, at) => `8.8.8.${at}`);
    const dialled: string[] = [];
    const attempt = dial({
      lookup: found(...addresses),
      connect: ({ address }) => {
        dialled.push(address);
        return failing('ECONNREFUSED');
      },
    });
    await expect(attempt).rejects.toEqual(
      refusal('upstream-connect', /^a\.example:443 could not be reached \(ECONNREFUSED\)$/),
    );
    expect(dialled).toHaveLength(8);
  });
});

describe('failures', () => {
  test('a port where nobody listens', async () => {
    const { server, port } = await listen();
    await new Promise((resolve) => server.close(resolve));
    const connectTo = [{ ...TARGET, address: '127.0.0.1', toPort: port }];
    await expect(dial({ connectTo })).rejects.toEqual(refusal('upstream-connect', /ECONNREFUSED/));
  });

  test.each([
    [
      'no such name',
      () => Promise.reject(Object.assign(new Error(), { code: 'ENOTFOUND' })),
      /ENOTFOUND/,
    ],
    ['no address', found(), /has no address/],
    ['no answer', () => new Promise<never>(() => {}), /no answer in time/],
  ])('%s', async (_, lookup, detail) => {
    await expect(dial({ lookup, timeoutMs: 30 })).rejects.toEqual(refusal('upstream-dns', detail));
  });

  test('an upstream that is silent', async () => {
    const silent: Socket[] = [];
    const attempt = dial({
      lookup: found('8.8.8.1'),
      timeoutMs: 30,
      connect: () => {
        silent.push(new Socket());
        return silent[0] as Socket;
      },
    });
    await expect(attempt).rejects.toEqual(refusal('upstream-timeout', /^a\.example:443 /));
    expect(silent[0]?.destroyed).toBe(true);
  });

  test.each([
    ['while the name is looked up', { lookup: () => new Promise<never>(() => {}) }],
    ['while it connects', { lookup: found('8.8.8.1'), connect: () => new Socket() }],
  ])('who asked is gone %s', async (_, parts) => {
    const asker = new AbortController();
    const attempt = dial(parts, asker.signal);
    setImmediate(() => asker.abort(new Error('gone')));
    await expect(attempt).rejects.toThrow('gone');
    await expect(attempt).rejects.not.toBeInstanceOf(Denied);
    await expect(dial(parts, asker.signal)).rejects.toThrow('gone');
  });
});
