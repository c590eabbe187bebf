/** A gateway that answers what the probes ask of it, rightly or with one fault. */
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { TOKEN } from '../relay/gateway.ts';

/** Its route. */
export const ALLOWED = { host: 'api.example.test', ports: [443, 80] };

export type Fault =
  /** Takes any line for a handshake. */
  | 'any token'
  | 'tunnels everything'
  /** Refuses everything, for another reason than that there is no route. */
  | 'busy'
  /** No route is there that should be. */
  | 'refuses all'
  | 'no health'
  | 'silent';

const denied = (rule: string) =>
  `HTTP/1.1 403 Forbidden\r\nX-Bottle-Denied: ${rule}\r\nConnection: close\r\n\r\ndenied\n`;
const ok = (body: string) =>
  `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n${body}\n\r\n0\r\n\r\n`;

/** Takes the place of whatever listens at `path`; gives the way to close it. */
export async function openGateway(path: string, fault?: Fault): Promise<() => void> {
  const connections = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (connection) => {
    connections.add(connection);
    connection.on('error', () => {});
    let head = '';
    connection.on('data', (chunk) => {
      head += chunk.toString('latin1');
      // The probe of a host that is allowed ends with what is no TLS.
      const allowed = head.includes(`CONNECT ${ALLOWED.host}:443 `);
      if (!head.endsWith(allowed ? '\r\n\r\n\r\n\r\n' : '\r\n\r\n')) return;
      const answer = answerTo(head, fault);
      if (answer !== '') connection.end(answer);
    });
  });
  rmSync(path, { force: true });
  server.listen(path);
  await once(server, 'listening');
  return () => {
    server.close();
    for (const connection of connections) connection.destroy();
  };
}

function answerTo(head: string, fault: Fault | undefined): string {
  if (fault === 'silent') return '';
  if (!head.startsWith(`BOTTLE/1 ${TOKEN}\n`) && fault !== 'any token') return denied('handshake');
  if (fault === 'busy') return denied('busy');
  const request = head.slice(head.indexOf('\n') + 1);
  if (request.startsWith('CONNECT bottle-probe.invalid:443 ')) {
    return fault === 'tunnels everything' ? 'HTTP/1.1 200 OK\r\n\r\n' : denied('no-route');
  }
  if (request.startsWith(`CONNECT ${ALLOWED.host}:443 `)) {
    if (fault === 'refuses all') return denied('no-route');
    return `HTTP/1.1 200 OK\r\n\r\n${denied('not-tls')}`;
  }
  const healthy = request.startsWith('GET /bottle/health ') && fault !== 'no health';
  return healthy ? ok('ok') : ok('no');
}
