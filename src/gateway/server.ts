/** The gateway process: listens on the bottle's socket and refuses everything. */
import { once } from 'node:events';
import { chmod } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { messageOf } from '../errors.ts';
import type { StandardStreams } from '../host/streams.ts';
import type { GatewayConfig, GatewayMessage } from './protocol.ts';

const MAX_CONFIG_BYTES = 1024 * 1024;
const MAX_CONNECTIONS = 256;
const REQUEST_TIMEOUT_MS = 5_000;
const REQUEST_LINE_LENGTH = 200;
const REFUSAL = 'bottle-action: denied, no route allows this request\n';

/** Serves until stdin ends, which it does when the action stops the gateway or dies. */
export async function serveGateway(streams: StandardStreams): Promise<void> {
  const send = (message: GatewayMessage) => streams.writeLine(JSON.stringify(message));
  const input = streams.stdin[Symbol.asyncIterator]();
  try {
    const config = await readConfig(input);
    await listen(config.socket, (socket) => refuse(socket, send));
    send({ type: 'ready', version: 1 });
  } catch (error) {
    send({ type: 'failed', message: messageOf(error) });
    return streams.exit(1);
  }
  while (!(await input.next()).done);
  return streams.exit(0);
}

async function readConfig(input: AsyncIterator<Uint8Array>): Promise<GatewayConfig> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  while (size <= MAX_CONFIG_BYTES) {
    const { value, done } = await input.next();
    if (done) throw new Error('stdin ended before the configuration was complete');
    chunks.push(value);
    size += value.length;
    if (value.includes(0x0a)) return JSON.parse(Buffer.concat(chunks).toString()) as GatewayConfig;
  }
  throw new Error(`the configuration is larger than ${MAX_CONFIG_BYTES} bytes`);
}

async function listen(path: string, onConnection: (socket: Socket) => void): Promise<void> {
  const server = createServer(onConnection);
  server.maxConnections = MAX_CONNECTIONS;
  server.listen(path);
  await once(server, 'listening');
  await chmod(path, 0o600);
}

/** Answers one connection with a refusal that names itself, and records the request line. */
function refuse(socket: Socket, send: (message: GatewayMessage) => void): void {
  socket.setTimeout(REQUEST_TIMEOUT_MS, () => socket.destroy());
  // The guest may reset the connection at any moment; that is its own affair.
  socket.on('error', () => socket.destroy());
  socket.once('data', (chunk) => {
    send({
      type: 'decision',
      time: new Date().toISOString(),
      decision: 'denied',
      rule: 'no-route',
      request: requestLine(chunk),
    });
    socket.end(
      `HTTP/1.1 403 Forbidden\r\nContent-Type: text/plain\r\nContent-Length: ${REFUSAL.length}\r\n` +
        `Connection: close\r\nX-Bottle-Denied: no-route\r\n\r\n${REFUSAL}`,
    );
  });
}

/** A query, or a name and password before the host, may be a secret: they are cut. */
function requestLine(chunk: Uint8Array): string {
  const [line = ''] = Buffer.from(chunk)
    .toString('latin1')
    .split(/[\r\n]/, 1);
  return line
    .replace(/\?\S*/, '')
    .replace(/[^\s/@]*@/, '')
    .replace(/[^\x20-\x7e]/g, '.')
    .slice(0, REQUEST_LINE_LENGTH);
}
