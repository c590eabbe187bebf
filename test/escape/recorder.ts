/** A server on loopback that keeps every byte it gets, and answers with the head that it saw. */
import { createServer as createHttpServer, type IncomingMessage } from 'node:http';
import { createServer, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { brotliDecompressSync, unzipSync } from 'node:zlib';
import { WebSocketServer } from 'ws';
import type { ConnectTo } from '../../src/gateway/protocol.ts';
import { testAuthority } from '../upstream/authority.ts';
import { listen } from '../upstream/upstream.ts';

export type Recorder = {
  readonly port: number;
  readonly connections: () => number;
  readonly requests: () => number;
  /** Gives what came since: decrypted, and bodies once more without their chunks and unpacked. */
  watch(): () => Buffer;
  /** The name leads here at these ports. */
  place(host: string, ports?: readonly number[]): ConnectTo[];
  close(): Promise<void>;
};

const TLS_RECORD = 0x16;

/** One port for TLS and plain HTTP, as the first byte says. */
export async function startRecorder(names: readonly string[]): Promise<Recorder> {
  const authority = await testAuthority();
  const seen: Buffer[] = [];
  const bodies: Buffer[][] = [];
  const sockets = new Set<Socket>();
  let [connections, requests] = [0, 0];
  /** To be called when HTTP has it: the server would read past who listens already. */
  const keep = (socket: Socket) => {
    socket.on('error', () => {}).on('data', (chunk: Buffer) => void seen.push(chunk));
  };
  const http = createHttpServer((request, response) => {
    requests += 1;
    const body: Buffer[] = [];
    bodies.push(body);
    request.on('data', (chunk) => void body.push(chunk)).on('error', () => {});
    request.on('end', () => {
      seen.push(unpack(request, Buffer.concat(body)));
      const { url = '', rawHeaders } = request;
      const to = /^\/redirect\?(.*)$/.exec(url)?.[1];
      const told = url.startsWith('/reflect') ? rawHeaders.join('\n') : 'ok\n';
      response.writeHead(to ? 302 : 200, to ? { Location: to } : {}).end(told);
    });
  });
  const webSockets = new WebSocketServer({ noServer: true });
  http.on('upgrade', (request, socket, head) => {
    requests += 1;
    webSockets.handleUpgrade(request, socket, head, (client) => {
      client.on('message', (data: Buffer) => void seen.push(data)).on('error', () => {});
    });
  });
  http.on('clientError', (_, socket) => socket.destroy());
  const tls = createTlsServer(await authority.issue(names, 'good'), (socket) => {
    http.emit('connection', socket);
    keep(socket);
  });
  tls.on('tlsClientError', () => {});
  const server = createServer((socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    socket.once('data', (first: Buffer) => {
      socket.pause();
      socket.unshift(first);
      if (first[0] === TLS_RECORD) return tls.emit('connection', socket);
      http.emit('connection', socket);
      keep(socket);
      socket.resume();
    });
  });
  const port = await listen(server);
  return {
    port,
    connections: () => connections,
    requests: () => requests,
    watch() {
      const [from, first] = [seen.length, bodies.length];
      return () => Buffer.concat([...seen.slice(from), ...bodies.slice(first).flat()]);
    },
    place: (host, ports = [443, 80]) =>
      ports.map((one) => ({ host, port: one, address: '127.0.0.1', toPort: port })),
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((done) => server.close(done));
    },
  };
}

function unpack({ headers }: IncomingMessage, body: Buffer): Buffer {
  const coding = headers['content-encoding'];
  try {
    if (coding === 'gzip' || coding === 'deflate') return unzipSync(body);
    if (coding === 'br') return brotliDecompressSync(body);
  } catch {
    // Not what it says, or not all of it.
  }
  return Buffer.alloc(0);
}
