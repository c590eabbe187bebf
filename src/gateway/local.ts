/** What the gateway itself serves to the guest, beside the way out. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Guest } from './guest.ts';
import type { Services } from './services.ts';

/** A request and its answer as Node has them. */
export type Raw = { readonly request: IncomingMessage; readonly response: ServerResponse };

/** How clients in the guest name the relay. */
const OWN_HOSTS = new Set(['127.0.0.1:7711', 'localhost:7711']);
const HEALTH_PATH = '/bottle/health';
const SUPERVISE_PATH = '/mcp';
const GIT_PATH = '/git/';

/** A plain path, as a server is asked and not a proxy. */
export function isLocal({ target, authorities }: Guest): boolean {
  const [host = ''] = authorities;
  return target.startsWith('/') && authorities.length === 1 && OWN_HOSTS.has(host.toLowerCase());
}

export function serveLocal(
  { supervise, git }: Services,
  guest: Guest,
  { request, response }: Raw,
): void {
  const [path] = (request.url ?? '').split('?');
  if (path === HEALTH_PATH && request.method === 'GET') {
    response.writeHead(200, { 'Content-Type': 'text/plain' }).end('ok\n');
  } else if (path === SUPERVISE_PATH) {
    supervise(request, response).catch(() => response.destroy());
  } else if (git !== undefined && guest.target.startsWith(GIT_PATH)) {
    git(guest);
  } else {
    response.writeHead(404, { 'Content-Type': 'text/plain' }).end('not found\n');
  }
}
