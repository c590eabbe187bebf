/** Where the runner itself reaches the internet through a proxy only, so do upstreams. */
import { isIP, type OnReadOpts, type Socket } from 'node:net';
import { readBeginning } from './beginning.ts';
import { Denied } from './denied.ts';
import type { Target } from './name.ts';
import type { ProxyServer, UpstreamProxy } from './protocol.ts';

const ANSWER_TIMEOUT_MS = 10_000;
const MAX_HEAD_BYTES = 16 * 1024;
const PLAIN_PORT = 80;
/** Names that mean something else wherever they are looked up (RFC 6761, 6762, 8375; and clouds). */
const LOCAL_SUFFIXES = ['localhost', 'local', 'internal', 'home.arpa', 'onion'];

/** The proxy for that target; undefined: it is dialled directly. */
export function proxyFor(proxy: UpstreamProxy | undefined, target: Target) {
  if (proxy === undefined || isExcepted(proxy.except, target)) return undefined;
  return target.port === PLAIN_PORT ? proxy.http : proxy.https;
}

/** As curl reads `NO_PROXY`: a name stands for itself and all names below it; `*` for all. */
function isExcepted(except: readonly string[], { host, port }: Target): boolean {
  return except.some((entry) => {
    const [, name = '', only] = /^(.*?)(?::(\d+))?$/.exec(entry) ?? [];
    if (only !== undefined && Number(only) !== port) return false;
    const plain = name.replace(/^\*?\./, '');
    return name === '*' || (plain !== '' && (host === plain || host.endsWith(`.${plain}`)));
  });
}

/**
 * The addresses are the proxy's to find and cannot be checked here. So names that are local
 * wherever they are looked up are refused by themselves. @throws {Denied} `private-address`
 */
export function checkName({ host }: Target): void {
  const isLocal = LOCAL_SUFFIXES.some((name) => host === name || host.endsWith(`.${name}`));
  if (!isLocal && host.includes('.')) return;
  throw new Denied('private-address', `the name ${host} is one of the proxy's own network`);
}

/** Its addresses, as they are: where the workflow's proxy is, is the workflow's word. */
export async function addressesOf(
  { host, port }: ProxyServer,
  lookup: (host: string) => Promise<readonly { readonly address: string }[]>,
): Promise<readonly { readonly address: string; readonly port: number }[]> {
  if (isIP(host) !== 0) return [{ address: host, port }];
  return (await lookup(host)).map(({ address }) => ({ address, port }));
}

/**
 * Asks the proxy on `socket` for the target, and leaves what follows its answer to be read.
 * @throws {Denied} `upstream-connect`, `upstream-timeout`
 */
export async function askProxy(socket: Socket, proxy: ProxyServer, target: Target): Promise<void> {
  const where = `${target.host}:${target.port}`;
  const credential = proxy.authorization && `Proxy-Authorization: ${proxy.authorization}\r\n`;
  socket.write(`CONNECT ${where} HTTP/1.1\r\nHost: ${where}\r\n${credential}\r\n`);
  const refusal = (why: string) =>
    new Denied('upstream-connect', `the runner's proxy did not let ${where} through: ${why}`);
  const status = await readBeginning(socket, {
    timeoutMs: ANSWER_TIMEOUT_MS,
    parse: (bytes) => {
      const end = bytes.indexOf('\r\n\r\n');
      if (end < 0 && bytes.length <= MAX_HEAD_BYTES) return undefined;
      const code = /^HTTP\/1\.[01] (\d{3})\b/.exec(bytes.toString('latin1', 0, 16))?.[1];
      return { value: Number(end < 0 ? 0 : code), used: Math.max(end + 4, 0) };
    },
    refusal,
  });
  if (!(status >= 200 && status < 300)) {
    throw refusal(status > 0 ? `status ${status}` : 'no answer in HTTP');
  }
}

/** For who wanted to read with `onread`: what was read already goes the same way as what comes. */
export function readInto(socket: Socket, { callback }: OnReadOpts): void {
  socket.pause();
  socket.on('data', (chunk: Buffer) => {
    if (!callback(chunk.length, chunk)) socket.pause();
  });
}
