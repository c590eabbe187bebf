/** Reads the host and the port that a guest names; what two readers could read in two ways is refused. */
import { isUtf8 } from 'node:buffer';
import { domainToASCII } from 'node:url';
import { Denied } from './denied.ts';

/** `host`: lower-case ASCII without a trailing dot, never an address. */
export type Target = { readonly host: string; readonly port: number };

const MAX_AUTHORITY_LENGTH = 1024;
const MAX_HOST_LENGTH = 253;
const LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;
const ESCAPE = /%([0-9a-f]{2})/gi;
const DEFAULT_PORTS = { http: 80, https: 443 };

/**
 * `host` or `host:port`, as in CONNECT, `Host` and the name of a ClientHello; `text` as Node gives
 * it, one character a byte, or decoded already.
 *
 * @param defaultPort Undefined: the port must be there.
 * @throws {Denied} `malformed` or `ip-literal`.
 */
export function parseAuthority(text: string, defaultPort: number | undefined): Target {
  if (text === '') throw malformed('no host is named');
  if (text.length > MAX_AUTHORITY_LENGTH) throw malformed('the host name is too long');
  const authority = decodeBytes(text);
  if (authority.includes('@')) throw malformed('a user name stands before the host');
  const { name, port } = splitPort(authority);
  if (isAddress(name)) throw new Denied('ip-literal', 'the host is named by an address');
  return { host: normaliseHost(name), port: parsePort(port, defaultPort) };
}

/**
 * An absolute request target, `http://host[:port][/path][?query]`.
 *
 * @throws {Denied} `malformed` or `ip-literal`.
 */
export function parseAbsolute(target: string): {
  scheme: 'http' | 'https';
  target: Target;
  pathAndQuery: string;
} {
  const parts = /^(https?):\/\/([^/?#]*)([/?].*)?$/is.exec(target);
  if (!parts) throw malformed('the address is not one of http or https');
  const [, written = '', authority = '', rest = ''] = parts;
  const scheme = written.toLowerCase() === 'https' ? 'https' : 'http';
  return {
    scheme,
    target: parseAuthority(authority, DEFAULT_PORTS[scheme]),
    pathAndQuery: rest.startsWith('/') ? rest : `/${rest}`,
  };
}

/** Node reads a head as latin1; who writes a name in UTF-8 is understood as if it had not. */
function decodeBytes(text: string): string {
  if (!/[\x80-\xff]/.test(text) || /[^\x00-\xff]/.test(text)) return text;
  const bytes = Buffer.from(text, 'latin1');
  return isUtf8(bytes) ? bytes.toString() : text;
}

/** Brackets belong to the name; so do colons where there is more than one. */
function splitPort(authority: string): { name: string; port: string | undefined } {
  const parts = /^(\[[^\]]*\]|[^:]*)(?::([^:]*))?$/s.exec(authority);
  return parts ? { name: parts[1] ?? '', port: parts[2] } : { name: authority, port: undefined };
}

/** `strtol` reads a leading zero as octal, and an empty port is whatever the reader likes. */
function parsePort(text: string | undefined, defaultPort: number | undefined): number {
  if (text === undefined && defaultPort === undefined) throw malformed('no port is named');
  if (text === undefined) return defaultPort as number;
  const port = /^[1-9][0-9]{0,4}$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65_535) throw malformed('the port is not a number from 1 to 65535');
  return port;
}

/**
 * Would anybody read this as an address? The most generous reader counts: escapes undone, digits
 * and dots of all scripts, invisible characters dropped, and `inet_aton`'s short, octal and
 * hexadecimal forms. No name ends in a number (WHATWG URL, 3.5), so the last label tells.
 */
function isAddress(name: string): boolean {
  const plain = undoEscapes(name)
    .normalize('NFKC')
    .replace(/\p{Default_Ignorable_Code_Point}/gu, '')
    .replaceAll('。', '.');
  if (/^\[.*\]$/s.test(plain)) return true;
  if (/^[\p{Nd}a-f]*:[\p{Nd}a-f.]*:[\p{Nd}a-f.:]*(?:%.*)?$/isu.test(plain)) return true;
  const last = plain.replace(/\.+$/, '').split('.').at(-1) ?? '';
  return /^(?:\p{Nd}+|\p{Nd}x[\p{Nd}a-f]*)$/iu.test(last);
}

/** Until nothing is left to undo: each round makes the text shorter. */
function undoEscapes(text: string): string {
  const once = text.replace(ESCAPE, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
  return once === text ? decodeBytes(text) : undoEscapes(once);
}

function normaliseHost(name: string): string {
  if (/[\x00-\x20\x7f/\\?#%<>^|[\]:]/.test(name)) {
    throw malformed('the host name has a character that no name has');
  }
  // The label behind keeps Node from reading the name as an address, which was done above.
  const ascii = domainToASCII(`${name}.x`).slice(0, -2).replace(/\.$/, '');
  const labels = ascii.split('.');
  const isName = ascii.length <= MAX_HOST_LENGTH && labels.every((label) => LABEL.test(label));
  if (!isName || !isPlain(name, labels)) throw malformed('the host is not named by a host name');
  return ascii;
}

/** A label outside ASCII stays so, as `xn--…`: what only turns into letters or dots is a disguise. */
function isPlain(name: string, labels: readonly string[]): boolean {
  return name
    .split('.')
    .every((label, at) => /^[\x00-\x7f]*$/.test(label) || labels[at]?.startsWith('xn--'));
}

function malformed(detail: string): Denied {
  return new Denied('malformed', detail);
}
