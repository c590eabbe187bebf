/** A proxy as companies have them: CONNECT alone, and it alone knows where the names lead. */
import { createServer, type IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import type { UpstreamProxy } from '../../src/gateway/protocol.ts';
import type { Upstream } from '../upstream/upstream.ts';
import { listen } from '../upstream/upstream.ts';

export type ConnectProxy = {
  readonly proxy: UpstreamProxy;
  /** Targets and credentials, in the order in which they came. */
  readonly asked: readonly (readonly [authority: string, credential: string])[];
  close(): Promise<void>;
};

/** `answer`: what it says to all instead of connecting; null: nothing, until it is closed. */
export async function startConnectProxy(
  { connectTo }: Upstream,
  { authorization = '', answer }: { authorization?: string; answer?: string | null } = {},
): Promise<ConnectProxy> {
  const asked: [string, string][] = [];
  const sockets = new Set<Socket>();
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
  };
  const server = createServer().on('connection', keep);
  server.on('connect', (request: IncomingMessage, client: Socket, head: Buffer) => {
    const { url = '', headers } = request;
    asked.push([url, headers['proxy-authorization'] ?? '']);
    if (answer === null) return;
    if (answer !== undefined) return void client.end(answer);
    const place = connectTo.find(({ host, port }) => `${host}:${port}` === url);
    if (place === undefined) return void client.end('HTTP/1.1 503 Unknown Name\r\n\r\n');
    const upstream = connect({ host: place.address, port: place.toPort, allowHalfOpen: true });
    keep(upstream);
    upstream.once('connect', () => {
      client.write('HTTP/1.1 200 Connection established\r\nVia: the proxy\r\n\r\n');
      upstream.write(head);
      client.pipe(upstream).pipe(client);
    });
  });
  const to = { host: '127.0.0.1', port: await listen(server), authorization };
  return {
    proxy: { http: to, https: to, except: [] },
    asked,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((done) => server.close(done));
    },
  };
}
