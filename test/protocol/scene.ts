/** An upstream, a gateway that lets the guest reach it, and programs of this machine as its clients. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { GatewayConfig, GatewayRoute } from '../../src/gateway/protocol.ts';
import { runProcess } from '../../src/host/process.ts';
import { caEnvironment, caStep } from '../../src/provision/ca.ts';
import { proxyEnvironment, RELAY_PORT } from '../../src/relay/relay.ts';
import { type GatewayProcess, routeTo, startGatewayProcess } from '../upstream/gateway-process.ts';
import { startUpstream, type Upstream, type UpstreamOptions } from '../upstream/upstream.ts';

/** The two ways in which TLS passes. */
export const WAYS = ['tunnel', 'open'] as const;
export type Way = (typeof WAYS)[number];

export type Scene = {
  readonly upstream: Upstream;
  readonly gateway: GatewayProcess;
  /** A home of the client's own; removed at the end. */
  readonly directory: string;
  /** What the guest has: the variables for the proxy and for the authority. */
  readonly env: Readonly<Record<string, string>>;
  /** Where the relay listens. */
  readonly port: number;
  /** PEM of whoever signs what the client gets to see. */
  readonly authority: string;
  run(argv: readonly string[], env?: Record<string, string>): Promise<Ended>;
  /** Like `run`; throws unless it succeeds. Gives what it wrote to stdout. */
  output(argv: readonly string[], env?: Record<string, string>): Promise<string>;
  close(): Promise<void>;
};

export type Ended = { readonly exitCode: number; readonly stdout: string; readonly stderr: string };

const CLIENT_MS = 45_000;

export async function openScene(
  way: Way,
  options: UpstreamOptions & {
    readonly route?: Partial<GatewayRoute>;
    readonly config?: Partial<GatewayConfig>;
  } = {},
): Promise<Scene> {
  const upstream = await startUpstream(options);
  const names = options.names ?? [upstream.name];
  const gateway = await startGatewayProcess({
    routes: names.map((name) => routeTo(name, { tls: way, ...options.route })),
    connectTo: upstream.connectTo,
    extraAuthorities: upstream.authority,
    ...options.config,
  });
  const relay = await gateway.relay();
  const directory = mkdtempSync(join(tmpdir(), 'client-'));
  const authority = gateway.certificate || upstream.authority;
  trust(directory, authority);
  const variables = { ...proxyEnvironment(), ...caEnvironment(directory, authority) };
  const env = {
    ...{ PATH: process.env.PATH ?? '', HOME: directory },
    ...atPort(relay.port, variables),
  };
  const run = (argv: readonly string[], more: Record<string, string> = {}) =>
    runProcess(argv, { env: { ...env, ...more }, cwd: directory, timeoutMs: CLIENT_MS });
  return {
    ...{ upstream, gateway, directory, env, authority, port: relay.port, run },
    output: async (argv, more) => {
      const { exitCode, stdout, stderr } = await run(argv, more);
      if (exitCode !== 0) throw new Error(`${argv.join(' ')}: ${exitCode}\n${stdout}\n${stderr}`);
      return stdout;
    },
    close: async () => {
      await relay.close();
      await upstream.close();
      await gateway.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** The files that the guest gets, in a home on this machine. */
function trust(home: string, authority: string): void {
  const { make = [], entries = [] } = caStep(home, authority, () => []);
  for (const directory of make) mkdirSync(directory);
  for (const entry of entries as Iterable<{ path: string; data: Uint8Array }>)
    writeFileSync(`/${entry.path}`, entry.data);
}

/** In the guest the relay has a port of its own; here it takes one that is free. */
function atPort(port: number, variables: object): Record<string, string> {
  const own = new RegExp(`(?<=[:=])${RELAY_PORT}\\b`, 'g');
  return JSON.parse(JSON.stringify(variables).replace(own, String(port)));
}
