/** How the client of the bench reaches an upstream: the same code for each proxy but for its door. */
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { listen } from '../../test/upstream/upstream.ts';

export type Hop =
  /** A unix socket, and the handshake that the guest's relay would say. */
  | {
      readonly kind: 'gateway';
      readonly socket: string;
      readonly token: string;
      readonly authority: string;
    }
  | { readonly kind: 'connect'; readonly port: number; readonly authority: string }
  /** No proxy that one speaks to: connections to it are connections to the upstream. */
  | { readonly kind: 'direct'; readonly port: number };

/** A connection to the upstream, through `proxy`. */
export async function open(proxy: Hop): Promise<Socket> {
  const socket =
    proxy.kind === 'gateway'
      ? connect({ path: proxy.socket })
      : connect({ port: proxy.port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  if (proxy.kind === 'direct') return socket;
  if (proxy.kind === 'gateway') socket.write(`BOTTLE/1 ${proxy.token}\n`);
  socket.write(`CONNECT ${proxy.authority} HTTP/1.1\r\nHost: ${proxy.authority}\r\n\r\n`);
  let head = '';
  while (!head.endsWith('\r\n\r\n')) {
    const [chunk] = await once(socket, 'data');
    head += chunk;
  }
  socket.pause();
  if (!head.startsWith('HTTP/1.1 200')) throw new Error(`CONNECT was answered with ${head}`);
  return socket;
}

export type Trust = { readonly ca: string; readonly servername: string };

export async function openTls(proxy: Hop, trust: Trust): Promise<TLSSocket> {
  const socket = connectTls({ socket: await open(proxy), ...trust });
  await once(socket, 'secureConnect');
  return socket;
}

/** The first bytes of TLS to that name. What follows them in a tunnel need not be TLS. */
export async function clientHello(servername: string): Promise<Buffer> {
  const server = createServer();
  const port = await listen(server);
  const client = connectTls({ port, host: '127.0.0.1', servername });
  client.on('error', () => {});
  const [socket] = (await once(server, 'connection')) as [Socket];
  const [hello] = (await once(socket, 'data')) as [Buffer];
  for (const one of [client, socket, server]) 'destroy' in one ? one.destroy() : one.close();
  return hello;
}
