/** An upstream that reads and writes bytes as they are: for what no HTTP server would say or hear. */
import { createServer as createPlainServer, type Socket } from 'node:net';
import { createServer } from 'node:tls';
import type { ConnectTo } from '../../src/gateway/protocol.ts';
import { testAuthority } from './authority.ts';
import { listen } from './upstream.ts';

export type RawUpstream = {
  readonly name: string;
  /** The name at 443 (TLS) and 80 (plain). */
  readonly connectTo: ConnectTo[];
  readonly authority: string;
  /** What each connection sent so far, in the order in which they came. */
  readonly received: Buffer[];
  close(): Promise<void>;
};

/** `onData` is called for each piece that arrives, with all that the connection has sent so far. */
export async function startRawUpstream(
  name: string,
  onData: (socket: Socket, sofar: Buffer) => void,
): Promise<RawUpstream> {
  const authority = await testAuthority();
  const received: Buffer[] = [];
  const sockets = new Set<Socket>();
  const onConnection = (socket: Socket) => {
    const index = received.push(Buffer.alloc(0)) - 1;
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    socket.on('data', (chunk) => {
      const sofar = Buffer.concat([received[index] ?? Buffer.alloc(0), chunk]);
      received[index] = sofar;
      onData(socket, sofar);
    });
  };
  const secure = createServer(await authority.issue([name], 'good'), onConnection);
  const plain = createPlainServer({ allowHalfOpen: true }, onConnection);
  secure.on('tlsClientError', () => {});
  const [toTls, toPlain] = [await listen(secure), await listen(plain)];
  return {
    name,
    connectTo: [
      { host: name, port: 443, address: '127.0.0.1', toPort: toTls },
      { host: name, port: 80, address: '127.0.0.1', toPort: toPlain },
    ],
    authority: authority.certificate,
    received,
    async close() {
      for (const socket of sockets) socket.destroy();
      await Promise.all([secure, plain].map((server) => new Promise((done) => server.close(done))));
    },
  };
}
