/** An upstream of tests: one name, served on loopback by HTTP/1.1, HTTP/2 and WebSocket, recorded. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createSecureServer } from 'node:http2';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Server, Socket } from 'node:net';
import { WebSocketServer } from 'ws';
import type { ConnectTo } from '../../src/gateway/protocol.ts';
import { answerByPath } from './answer.ts';
import { type CertificateKind, testAuthority } from './authority.ts';
import { type RecordedRequest, recordRequest } from './record.ts';

export type UpstreamOptions = {
  /** Its names; the first is also that of plain HTTP. */
  readonly names?: readonly [string, ...string[]];
  readonly certificate?: CertificateKind;
  /** What ALPN chooses from; `h2` also speaks HTTP/1.1 to those who do not offer HTTP/2. */
  readonly protocol?: 'http/1.1' | 'h2';
  /** Absent: `answerByPath`. */
  readonly respond?: Respond;
};

export type Respond = (
  request: IncomingMessage,
  response: ServerResponse,
  /** Settles at the end of the body. */
  arrived: Promise<RecordedRequest>,
) => void;

export type Upstream = {
  readonly name: string;
  /** Each name at 443 (TLS) and 80 (plain). */
  readonly connectTo: ConnectTo[];
  /** PEM of who signed its certificate (if anyone did). */
  readonly authority: string;
  /** In the order of their heads. */
  readonly requests: RecordedRequest[];
  /** Texts that came over WebSockets. */
  readonly frames: string[];
  /** Connections that are open now. */
  connections(): number;
  /** Destroys them all. */
  cut(): void;
  close(): Promise<void>;
};

export async function startUpstream(options: UpstreamOptions = {}): Promise<Upstream> {
  const { names = ['api.example.test'] as const, certificate = 'good' } = options;
  const authority = await testAuthority();
  const secret = await authority.issue(names, certificate);
  const secure =
    options.protocol === 'h2'
      ? createSecureServer({ ...secret, allowHTTP1: true })
      : createTlsServer(secret);
  const plain = createServer();
  const requests: RecordedRequest[] = [];
  const frames: string[] = [];
  const sockets = new Set<Socket>();
  for (const server of [secure, plain]) {
    serve(server, options.respond ?? answerByPath, requests);
    echoFrames(server, frames);
    server.on('connection', (socket: Socket) => {
      sockets.add(socket);
      socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    });
  }
  const [toTls, toPlain] = [await listen(secure), await listen(plain)];
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    name: names[0],
    connectTo: names.flatMap((host) => [
      { host, port: 443, address: '127.0.0.1', toPort: toTls },
      { host, port: 80, address: '127.0.0.1', toPort: toPlain },
    ]),
    authority: authority.certificate,
    requests,
    frames,
    connections: () => sockets.size,
    cut,
    async close() {
      cut();
      await Promise.all([secure, plain].map((server) => server.close() && once(server, 'close')));
    },
  };
}

export async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

function serve(server: Server, respond: Respond, requests: RecordedRequest[]): void {
  const answer = (request: IncomingMessage, response: ServerResponse) => {
    const { record, complete } = recordRequest(request);
    requests.push(record);
    // A client that goes away in the middle is what some tests are about.
    response.on('error', () => {});
    respond(request, response, complete);
  };
  server.on('request', answer);
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    if (!request.url?.startsWith('/expectation-failed')) response.writeContinue();
    answer(request, response);
  });
  server.on('tlsClientError', () => {});
  server.on('clientError', (_error: Error, socket: Socket) => socket.destroy());
}

/** Says back each message; `bye` closes with a code and a reason. */
function echoFrames(server: Server, frames: string[]): void {
  const sockets = new WebSocketServer({ noServer: true });
  server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    sockets.handleUpgrade(request, socket, head, (client) => {
      client.on('message', (data: Buffer, isBinary) => {
        frames.push(data.toString());
        if (data.toString() === 'bye') client.close(4001, 'as you wish');
        else client.send(data, { binary: isBinary });
      });
      client.on('error', () => {});
    });
  });
}
