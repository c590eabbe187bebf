/** What the core, which moves the bytes, asks of the other parts of the gateway. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Host } from '../host/host.ts';
import type { Recorder } from './audit.ts';
import { type Authority, makeAuthority } from './authority.ts';
import { type Inspector, makeInspector } from './dlp/inspector.ts';
import { openSecretIndex } from './dlp/known-secret.ts';
import type { GitGate, GitGateParts } from './git-gate/gate.ts';
import { type Meter, makeMeter } from './meter.ts';
import type { Outlet } from './outlet.ts';
import { makePool, type Pool } from './pool.ts';
import type { GatewayConfig, NamedSecret } from './protocol.ts';
import { compileRoutes, type RouteTable } from './route-table.ts';
import { makeScrub } from './scrub.ts';
import { makeSupervise } from './supervise.ts';
import { type Dialer, makeDialer } from './upstream.ts';
import { secure } from './upstream-tls.ts';

export type Services = {
  readonly token: string;
  readonly routes: RouteTable;
  /** A plain connection to an upstream. @throws {Denied} `private-address` and `upstream-…` */
  readonly dial: Dialer['dial'];
  readonly pool: Pool;
  /** Undefined: no route is opened. */
  readonly authority: Authority | undefined;
  readonly inspector: Inspector;
  readonly meter: Meter;
  readonly supervise: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
  /** Undefined: the guest has no remotes. */
  readonly git: GitGate | undefined;
  readonly recorder: Recorder;
  /** Undefined: now. Else to be waited for before another request is taken. */
  readonly ready: Outlet['ready'];
};

export async function makeServices(
  config: GatewayConfig,
  outlet: Outlet,
  spawn: Host['spawn'],
): Promise<Services> {
  const { routes, limits, connectTo, extraAuthorities } = config;
  const secrets = knownSecrets(config);
  const index = openSecretIndex(secrets);
  const scrub = makeScrub(index);
  const { dial, proxyFor } = makeDialer({ connectTo, proxy: config.proxy });
  const recorder: Recorder = { send: outlet.send, scrub, open: [] };
  const shared = { dial, proxyFor, recorder, ready: outlet.ready, report: outlet.send };
  const opens = routes.some(({ tls }) => tls === 'open');
  return {
    token: config.token,
    routes: compileRoutes(routes),
    dial,
    pool: makePool(async (target, protocols, signal) => {
      const socket = await dial(target, signal);
      if (protocols.length > 0) {
        const cancel = () => socket.destroy();
        signal.addEventListener('abort', cancel);
        const secured = secure(socket, target, extraAuthorities, protocols);
        return secured.finally(() => signal.removeEventListener('abort', cancel));
      }
      // Who is kept for later and ends meanwhile is of no use.
      socket.allowHalfOpen = false;
      return socket;
    }),
    authority: opens ? await makeAuthority() : undefined,
    inspector: makeInspector(index),
    meter: makeMeter(limits, routes, outlet.send),
    supervise: makeSupervise(routes, (asked) => {
      const fields = Object.entries(asked.fields).map(([name, text]) => [name, scrub(text)]);
      outlet.send({ ...asked, fields: Object.fromEntries(fields) });
    }),
    git: await openGitGate(config, { ...shared, spawn, extraAuthorities, secrets }),
    recorder,
    ready: outlet.ready,
  };
}

async function openGitGate(
  { git }: GatewayConfig,
  parts: GitGateParts,
): Promise<GitGate | undefined> {
  if (git === undefined) return undefined;
  const { makeGitGate } = await import('./git-gate/gate.ts');
  return makeGitGate(git, parts);
}

function knownSecrets({ routes, secrets, git }: GatewayConfig): NamedSecret[] {
  const credentials = [
    ...routes.flatMap(({ auth }) => auth ?? []),
    ...(git?.repositories ?? []).flatMap(({ access }) => (access.kind === 'token' ? access : [])),
  ];
  return [...secrets, ...credentials.map(({ name, value }) => ({ name, value }))];
}
