/** The way to an upstream: an address that was checked, a certificate or host key, a credential. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Denied } from '../denied.ts';
import { parseAuthority, type Target } from '../name.ts';
import type { GitRepository, ProxyServer } from '../protocol.ts';
import { checkName } from '../proxy.ts';
import type { Services } from '../services.ts';
import type { Dialer } from '../upstream.ts';
import { authoritiesWith } from '../upstream-tls.ts';

export type WayParts = {
  readonly dial: Services['dial'];
  readonly proxyFor: Dialer['proxyFor'];
  /** PEM of certificates to trust beside the runner's store. */
  readonly extraAuthorities: string;
  /** Of the run; there are files of ours in it. */
  readonly directory: string;
};

/** What `git fetch` and `git push` are given. */
export type Way = {
  readonly host: string;
  readonly url: string;
  /** With the credential, which is never an argument: anybody on the runner can read those. */
  readonly env: Readonly<Record<string, string>>;
};

type Upstream = Target & { readonly scheme: 'https' | 'ssh' };

const SSH_PORT = 22;
const SHORT_FORM = /^(?:[^@:/]+@)?([^:/]+):(?!\/\/)/;

/** Where the address leads. @throws {Denied} `no-match` where it is neither https nor ssh. */
function upstreamOf(url: string): Upstream {
  const short = SHORT_FORM.exec(url)?.[1];
  if (short !== undefined) return { scheme: 'ssh', ...parseAuthority(short, SSH_PORT) };
  const { protocol, host } = new URL(url);
  if (protocol === 'https:') return { scheme: 'https', ...parseAuthority(host, 443) };
  if (protocol === 'ssh:') return { scheme: 'ssh', ...parseAuthority(host, SSH_PORT) };
  throw new Denied('no-match', 'the upstream is reached by neither https nor ssh');
}

/**
 * git resolves no name: it is told the address that the gateway checked and connected to, so that
 * the name cannot lead elsewhere a moment later.
 *
 * @throws {Denied} what `dial` throws
 */
export async function findWay(
  repository: GitRepository,
  parts: WayParts,
  signal: AbortSignal,
): Promise<Way> {
  const upstream = upstreamOf(repository.url);
  const proxy = parts.proxyFor(upstream);
  if (proxy) return behindProxy(repository, parts, upstream, proxy);
  const socket = await parts.dial(upstream, signal);
  const { remoteAddress = '', remotePort = upstream.port } = socket;
  socket.destroy();
  const endpoint = { host: remoteAddress, port: remotePort };
  if (upstream.scheme === 'ssh') return overSsh(repository, parts, upstream, endpoint);
  const address = remoteAddress.includes(':') ? `[${remoteAddress}]` : remoteAddress;
  const resolved = ['http.curloptResolve', `${upstream.host}:${remotePort}:${address}`] as const;
  return overHttps(repository, parts, endpoint, [resolved]);
}

/** The name is looked up there. git asks it by itself, with what it needs to know for that. */
async function behindProxy(
  repository: GitRepository,
  parts: WayParts,
  upstream: Upstream,
  { host, port, authorization }: ProxyServer,
): Promise<Way> {
  checkName(upstream);
  if (upstream.scheme === 'ssh') {
    const where = `${upstream.host}:${upstream.port}`;
    throw new Denied('upstream-connect', `${where}: no ssh goes through the runner's proxy`);
  }
  const [user = '', ...password] = Buffer.from(authorization.replace(/^Basic /, ''), 'base64')
    .toString()
    .split(':')
    .map(encodeURIComponent);
  const login = authorization === '' ? '' : `${user}:${password.join('%3A')}@`;
  const address = host.includes(':') ? `[${host}]` : host;
  const settings = [
    ['http.proxy', `http://${login}${address}:${port}`],
    ['http.proxyAuthMethod', 'basic'],
  ] as const;
  return overHttps(repository, parts, upstream, settings);
}

async function overHttps(
  { name, url, access }: GitRepository,
  { extraAuthorities, directory }: WayParts,
  { port }: Pick<Target, 'port'>,
  reach: readonly (readonly [string, string])[],
): Promise<Way> {
  const real = new URL(url);
  const { host } = upstreamOf(url);
  real.host = `${host}:${port}`;
  [real.username, real.password] = ['', ''];
  const settings: (readonly [string, string])[] = [
    ...reach,
    ['http.followRedirects', 'false'],
    ['http.sslVerify', 'true'],
    ['http.lowSpeedLimit', '1000'],
    ['http.lowSpeedTime', '60'],
    ['credential.helper', ''],
    ['core.askPass', ''],
  ];
  if (extraAuthorities !== '') {
    const file = join(directory, `${name}.pem`);
    await writeFile(file, authoritiesWith(extraAuthorities).join('\n'), { mode: 0o600 });
    settings.push(['http.sslCAInfo', file]);
  }
  if (access.kind === 'token') {
    const basic = Buffer.from(`x-access-token:${access.value}`).toString('base64');
    settings.push([`http.${real.origin}/.extraHeader`, `Authorization: Basic ${basic}`]);
  }
  const env = { GIT_ALLOW_PROTOCOL: 'https', ...environmentOf(settings) };
  return { host, url: real.href, env };
}

/** git-config(1): settings that only this process and its children see. */
function environmentOf(settings: readonly (readonly [string, string])[]): Record<string, string> {
  const entries = settings.flatMap(([key, value], index) => [
    [`GIT_CONFIG_KEY_${index}`, key],
    [`GIT_CONFIG_VALUE_${index}`, value],
  ]);
  return Object.fromEntries([['GIT_CONFIG_COUNT', String(settings.length)], ...entries]);
}

async function overSsh(
  { name, url, access }: GitRepository,
  { directory }: WayParts,
  { host }: Target,
  to: Target,
): Promise<Way> {
  if (access.kind !== 'ssh' || access.hostKey === '') {
    throw new Denied('no-match', `${name} lacks a key or a host_key, and nothing goes over ssh`);
  }
  const [config, known] = ['ssh', 'hosts'].map((kind) => join(directory, `${name}.${kind}`)) as [
    string,
    string,
  ];
  await writeFile(known, `${host} ${access.hostKey}\n`, { mode: 0o600 });
  await writeFile(config, sshConfig(host, to, { known, key: access.key }), { mode: 0o600 });
  const command = `ssh -F '${config.replaceAll("'", "'\\''")}'`;
  const env = { GIT_ALLOW_PROTOCOL: 'ssh', GIT_SSH_COMMAND: command, GIT_SSH_VARIANT: 'ssh' };
  return { host, url: withoutPort(url), env };
}

/** A port in the address becomes an argument of ssh, which would win over what its file says. */
function withoutPort(url: string): string {
  return url.replace(/^(ssh:\/\/[^/]+?):\d+(?=\/)/, '$1');
}

/** ssh_config(5) */
function sshConfig(host: string, to: Target, files: { known: string; key: string }): string {
  const file = (path: string) => `"${path.replaceAll('%', '%%')}"`;
  return [
    'Host *',
    `HostName ${to.host}`,
    `Port ${to.port}`,
    `HostKeyAlias ${host}`,
    `UserKnownHostsFile ${file(files.known)}`,
    'GlobalKnownHostsFile /dev/null',
    'StrictHostKeyChecking yes',
    'UpdateHostKeys no',
    `IdentityFile ${file(files.key)}`,
    'IdentitiesOnly yes',
    'IdentityAgent none',
    'BatchMode yes',
    'ConnectTimeout 10',
    'ServerAliveInterval 15',
    'ProxyCommand none',
    'ControlPath none',
    'ForwardAgent no',
    'ClearAllForwardings yes',
    'PermitLocalCommand no',
    '',
  ].join('\n');
}
