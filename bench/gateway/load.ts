/** Child: the client. Each piece of work opens its connections, moves its bytes and gives its times. */

import type { Socket } from 'node:net';
import { serveWork } from './child.ts';
import { clientHello, type Hop, open, openTls, type Trust } from './hop.ts';

type Tunnel = { readonly proxy: Hop; readonly servername: string };

serveWork({ download, exchange, openTunnels, together, requests });

/** MiB/s of `streams` tunnels that each bring `bytes`. */
async function download(options: Tunnel & { streams: number; bytes: number }): Promise<number> {
  const { streams, bytes } = options;
  const sockets = await openMany(options, streams);
  const started = performance.now();
  await Promise.all(
    sockets.map((socket) => {
      socket.write(`SEND ${bytes}\n`);
      return take(socket, bytes);
    }),
  );
  const seconds = (performance.now() - started) / 1000;
  for (const socket of sockets) socket.destroy();
  return (streams * bytes) / 2 ** 20 / seconds;
}

/** Microseconds (95th percentile) until 1 KiB is back through a tunnel that is open. */
async function exchange(options: Tunnel & { count: number }): Promise<number> {
  const [socket] = await openMany(options, 1);
  if (socket === undefined) return Number.NaN;
  socket.write('ECHO\n');
  const message = Buffer.alloc(1024, 'm');
  const times: number[] = [];
  for (let i = 0; i < options.count; i++) {
    const started = performance.now();
    socket.write(message);
    await take(socket, message.length);
    times.push(performance.now() - started);
  }
  socket.destroy();
  return at(times, 0.95) * 1000;
}

/** Microseconds (at `quantile`) from nothing to the first byte through a new tunnel. */
async function openTunnels(options: Tunnel & { count: number; quantile: number }): Promise<number> {
  const hello = await clientHello(options.servername);
  const times: number[] = [];
  for (let i = 0; i < options.count; i++) {
    const started = performance.now();
    const socket = await open(options.proxy);
    socket.write(Buffer.concat([hello, Buffer.from('SEND 1\n')]));
    await take(socket, 1);
    times.push(performance.now() - started);
    socket.destroy();
  }
  return at(times, options.quantile) * 1000;
}

/** Milliseconds until all of `streams` tunnels, open at once, have brought their `bytes`. */
async function together(options: Tunnel & { streams: number; bytes: number }): Promise<number> {
  const started = performance.now();
  const sockets = await openMany(options, options.streams);
  // Each of them is proven to be through before the first one moves its bytes.
  await Promise.all(
    sockets.map(async (socket) => {
      socket.write('ECHO\n.');
      await take(socket, 1);
    }),
  );
  const message = Buffer.alloc(options.bytes, 'm');
  await Promise.all(
    sockets.map((socket) => {
      socket.write(message);
      return take(socket, message.length);
    }),
  );
  const milliseconds = performance.now() - started;
  for (const socket of sockets) socket.destroy();
  return milliseconds;
}

/** HTTP/1.1 inside TLS: `count` requests over kept connections. */
async function requests(options: {
  readonly proxy: Hop;
  readonly trust: Trust;
  readonly connections: number;
  readonly count: number;
  readonly bytes: number;
}): Promise<{ perSecond: number; mibPerSecond: number; p95: number }> {
  const { proxy, trust, connections, count, bytes } = options;
  const sockets = await Promise.all(
    Array.from({ length: connections }, () => openTls(proxy, trust)),
  );
  const head = `GET /${bytes} HTTP/1.1\r\nHost: ${trust.servername}\r\nAccept: */*\r\n\r\n`;
  const times: number[] = [];
  let left = count;
  const started = performance.now();
  await Promise.all(
    sockets.map(async (socket) => {
      while (left-- > 0) {
        const asked = performance.now();
        socket.write(head);
        await takeAnswer(socket);
        times.push(performance.now() - asked);
      }
    }),
  );
  const seconds = (performance.now() - started) / 1000;
  for (const socket of sockets) socket.destroy();
  const mibPerSecond = (count * bytes) / 2 ** 20 / seconds;
  return { perSecond: count / seconds, mibPerSecond, p95: at(times, 0.95) };
}

async function openMany({ proxy, servername }: Tunnel, count: number): Promise<Socket[]> {
  const hello = await clientHello(servername);
  return Promise.all(
    Array.from({ length: count }, async () => {
      const socket = await open(proxy);
      socket.write(hello);
      return socket;
    }),
  );
}

/** Reads that many bytes and drops them. */
function take(socket: Socket, bytes: number): Promise<void> {
  let left = bytes;
  return readWhile(socket, (chunk) => {
    left -= chunk.length;
    return left > 0;
  });
}

function takeAnswer(socket: Socket): Promise<void> {
  let head = '';
  let left = -1;
  return readWhile(socket, (chunk) => {
    if (left >= 0) left -= chunk.length;
    else {
      head += chunk.toString('latin1');
      const end = head.indexOf('\r\n\r\n') + 4;
      if (end < 4) return true;
      const length = /^content-length: *(\d+)/im.exec(head.slice(0, end))?.[1];
      if (!head.startsWith('HTTP/1.1 200') || length === undefined) throw new Error(head);
      left = Number(length) - (head.length - end);
    }
    return left > 0;
  });
}

/** @throws When the other side closes before it is enough. */
function readWhile(socket: Socket, wantsMore: (chunk: Buffer) => boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    const finish = (error?: unknown) => {
      socket.off('data', read).off('close', closed).off('error', finish);
      socket.pause();
      if (error === undefined) resolve();
      else reject(error);
    };
    const closed = () => finish(new Error('the connection was closed'));
    const read = (chunk: Buffer) => {
      try {
        if (!wantsMore(chunk)) finish();
      } catch (error) {
        finish(error);
      }
    };
    socket.on('data', read).on('close', closed).on('error', finish);
    socket.resume();
  });
}

function at(values: readonly number[], quantile: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * quantile)] ?? Number.NaN;
}
