/** The values of `create`'s options for mounts, ports, sockets and the network. */
import { realpathSync, statSync } from 'node:fs';
import { type Args, SmolvmError } from './command.ts';
import type { Mount, Port, SocketMount } from './record.ts';

const PROTECTED = [
  ...['/var/run', '/var/log', '/etc', '/boot', '/usr', '/bin', '/sbin', '/lib'],
  ...['/proc', '/sys', '/dev', '/run'],
];

/** `HOST:GUEST[:ro|:rw]`, directories only. */
export function parseMount(text: string): Mount {
  const [, source = '', guest = '', mode] = /^(.*):([^:]*?)(?::(ro|rw))?$/.exec(text) ?? [];
  const found = statSync(source, { throwIfNoEntry: false });
  if (found === undefined) throw failure(`mount source not found: ${source}`);
  if (!found.isDirectory()) throw failure(`invalid mount path: ${source} is not a directory`);
  const host = realpathSync(source);
  const forbidden = PROTECTED.some((path) => host === path || host.startsWith(`${path}/`));
  if (forbidden || host === '/' || host === '/var') {
    throw failure(`invalid mount path: ${source} is a protected system path`);
  }
  if (!guest.startsWith('/')) throw failure(`invalid mount path: ${guest} is not absolute`);
  return { host, guest, readOnly: mode === 'ro' };
}

/** `HOST:GUEST`, or one number for both. */
export function parsePort(text: string): Port {
  const [host, guest = host] = text.split(':').map(Number);
  const valid = (port: number | undefined) => port !== undefined && port > 0 && port < 65536;
  if (!valid(host) || !valid(guest)) throw failure(`invalid port mapping: ${text}`);
  return { host: Number(host), guest: Number(guest) };
}

/** `HOST:GUEST`; the guest's path is absolute and without `;` and `|`. */
export function parseSocket(text: string): SocketMount {
  const at = text.indexOf(':');
  const guest = text.slice(at + 1);
  if (at < 1 || !guest.startsWith('/') || /[;|]/.test(guest)) {
    throw failure(`invalid socket mapping: ${text}`);
  }
  return { host: text.slice(0, at), guest };
}

/** Checks the network options; true when the machine gets a network. */
export function parseNetwork(args: Args): boolean {
  const policy = ['allow-cidr', 'allow-host', 'outbound-localhost-only', 'network', 'port'];
  const demands = policy.filter((long) => args.has(long));
  const backend = args.get('net-backend');
  for (const host of args.list('allow-host')) {
    if (host.includes(':')) throw failure(`--allow-host: '${host}' must not have a port`);
    if (host.endsWith('.invalid')) throw failure(`--allow-host: could not resolve '${host}'`);
  }
  if (backend === 'tsi' && demands.length > 0) {
    throw failure(`--${demands[0]} requires the virtio-net backend`);
  }
  if (backend === 'virtio-net' && !args.has('net') && demands.length === 0) {
    throw failure('--net-backend virtio-net requires --net');
  }
  return args.has('net') || demands.length > 0;
}

function failure(text: string): SmolvmError {
  return new SmolvmError(`config operation failed: ${text}`);
}
