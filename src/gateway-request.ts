/** What the gateway process is told: the plan's routes with the secrets that the plan only names. */
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { readCredential } from './credential.ts';
import { BottleError, messageOf } from './errors.ts';
import { gateRequest } from './gate-request.ts';
import type { ConnectTo, GatewayConfig, GatewayRoute, NamedSecret } from './gateway/protocol.ts';
import { type Gateway, type GatewayRequest, startGateway } from './gateway/start.ts';
import type { Host, HostPath } from './host/host.ts';
import type { Plan } from './plan/plan.ts';
import type { Run } from './run.ts';
import { readRunnerProxy } from './runner-proxy.ts';

export type RunSecrets = {
  /** What the relay shows to the gateway. */
  readonly token: string;
  /** Looks like a credential and opens nothing: where it turns up, something leaks. */
  readonly canary: NamedSecret;
  /** Values of the step's variables that the plan names. */
  readonly named: readonly NamedSecret[];
  /** The input `token`; empty: none. */
  readonly workflowToken: string;
};

/** @throws {BottleError} as `gatewayRequest`, and `gateway-failed` */
export async function openGateway(host: Host, run: Run): Promise<Gateway> {
  return startGateway(host, await gatewayRequest(host, run), run.gatewayEvents);
}

/** @throws {BottleError} `config-invalid`: a credential or `BOTTLE_CONNECT_TO` is unusable. */
export async function gatewayRequest(
  host: Host,
  { plan, paths, secrets }: Pick<Run, 'plan' | 'paths' | 'secrets'>,
): Promise<GatewayRequest> {
  const { gate: directory, scratch, deployKeys } = paths;
  const places = { directory, scratch, deployKeys, token: secrets.workflowToken };
  const git = await gateRequest(host, plan, places);
  const config = await gatewayConfig(host, plan, paths.socket, secrets);
  return { config: { ...config, ...(git && { git }) }, log: paths.egress };
}

async function gatewayConfig(
  host: Host,
  plan: Plan,
  socket: HostPath,
  secrets: RunSecrets,
): Promise<GatewayConfig> {
  const { mode, routes, limits } = plan.reach;
  return {
    version: 1,
    socket,
    token: secrets.token,
    mode: mode.value,
    routes: routes.map((route) => withCredential(host, route)),
    limits: {
      tokens: limits.tokens.value,
      requests: limits.requests.value,
      bytes: limits.bytes.value,
    },
    secrets: [...secrets.named, secrets.canary],
    extraAuthorities: await extraAuthorities(host),
    connectTo: parseConnectTo(host.env.BOTTLE_CONNECT_TO ?? ''),
    ...proxyOf(host),
  };
}

function proxyOf(host: Host): Pick<GatewayConfig, 'proxy'> {
  const proxy = readRunnerProxy(host);
  if (proxy === undefined) return {};
  const places = [proxy.http, proxy.https].flatMap((one) => (one ? `${one.host}:${one.port}` : []));
  const named = [...new Set(places)].join(' and ');
  host.log.info(`Upstreams are reached through the runner's own proxy, ${named}.`);
  return { proxy };
}

function withCredential(
  host: Pick<Host, 'env'>,
  { auth, ...route }: Plan['reach']['routes'][number],
): GatewayRoute {
  if (auth === undefined) return route;
  const use = { what: route.host, source: route.source };
  return { ...route, auth: { ...auth, value: readCredential(host, auth.name, use) } };
}

/** What this runner trusts beside its own store, by the variables that its other programs read. */
async function extraAuthorities(host: Host): Promise<string> {
  const { NODE_EXTRA_CA_CERTS = '', SSL_CERT_FILE = '' } = host.env;
  const files = [NODE_EXTRA_CA_CERTS, SSL_CERT_FILE].filter((file) => file !== '');
  const texts = await Promise.all(
    [...new Set(files)].map(async (file) => {
      try {
        return await readFile(file, 'utf8');
      } catch (error) {
        host.log.warning(`The certificates in ${file} are not used: ${messageOf(error)}`);
        return '';
      }
    }),
  );
  return texts.join('\n');
}

/** `host:port=address:port`, separated by white space; an IPv6 address stands in brackets. */
export function parseConnectTo(text: string): readonly ConnectTo[] {
  const entries = text.split(/\s+/).filter((entry) => entry !== '');
  return entries.map((entry) => {
    const parts = /^([a-z0-9.-]+):(\d{1,5})=(?:\[([0-9a-f:.]+)\]|([0-9.]+)):(\d{1,5})$/i.exec(
      entry,
    );
    const [, host = '', port, six, four, toPort] = parts ?? [];
    const address = six ?? four ?? '';
    const ports = { port: Number(port), toPort: Number(toPort) };
    const inRange = Math.max(ports.port, ports.toPort) <= 65_535;
    if (isIP(address) !== 0 && inRange) return { host: host.toLowerCase(), address, ...ports };
    throw new BottleError({
      outcome: 'config-invalid',
      what: `"${entry}" does not say which name leads to which address`,
      where: "the step's variable BOTTLE_CONNECT_TO",
      fix: 'Write host:port=address:port, for example registry.corp.example:443=10.0.0.7:8443.',
    });
  });
}
