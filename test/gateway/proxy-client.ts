/** Clients of the gateway for tests: HTTP/1.1, HTTP/2 and WebSocket inside a CONNECT. */
import { once } from 'node:events';
import { Agent, type IncomingMessage, type RequestOptions, request } from 'node:http';
import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { WebSocket } from 'ws';
import type { GatewayProcess } from '../upstream/gateway-process.ts';

export type Received = {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly trailers: IncomingMessage['trailers'];
  readonly body: string;
};

/** TLS through the gateway to `host`, trusting its authority. */
export async function openTls(
  gateway: GatewayProcess,
  host: string,
  alpn: readonly string[] = [],
): Promise<TLSSocket> {
  const { head, socket } = await gateway.tunnel(`${host}:443`);
  if (!head.startsWith('HTTP/1.1 200')) throw new Error(head);
  const tls = connectTls({
    socket,
    servername: host,
    ca: gateway.certificate,
    ALPNProtocols: [...alpn],
  });
  tls.on('error', () => {});
  await once(tls, 'secureConnect');
  return tls;
}

export type Request = RequestOptions & { readonly body?: string | Buffer };

/** One request over a connection, plain or opened. */
export async function ask(socket: TLSSocket, options: Request): Promise<Received> {
  const { body, ...rest } = options;
  const outgoing = request({ ...rest, agent: agentOver(socket) });
  outgoing.end(body);
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
  return receive(response);
}

const agents = new WeakMap<TLSSocket, Agent>();

/** For one request after another over that connection. */
export function agentOver(socket: TLSSocket): Agent {
  const agent = agents.get(socket) ?? new Agent({ keepAlive: true, maxSockets: 1 });
  agent.createConnection = () => socket;
  agents.set(socket, agent);
  return agent;
}

export async function receive(response: IncomingMessage): Promise<Received> {
  let body = '';
  for await (const chunk of response.setEncoding('latin1')) body += chunk;
  const { statusCode: status = 0, headers, trailers } = response;
  return { status, headers, trailers, body };
}

export async function openHttp2(
  gateway: GatewayProcess,
  host: string,
): Promise<ClientHttp2Session> {
  const socket = await openTls(gateway, host, ['h2']);
  const session = connectHttp2(`https://${host}`, { createConnection: () => socket });
  session.on('error', () => {});
  return session;
}

export async function openWebSocket(
  gateway: GatewayProcess,
  host: string,
  options: { readonly path?: string; readonly compress?: boolean } = {},
): Promise<WebSocket> {
  const socket = await openTls(gateway, host);
  return new WebSocket(`wss://${host}${options.path ?? '/'}`, {
    createConnection: () => socket,
    perMessageDeflate: options.compress ?? true,
  });
}
