/** The gateway process: takes its configuration, listens on the bottle's socket, ends with its parent. */
import { once } from 'node:events';
import { chmod } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { messageOf } from '../errors.ts';
import type { Host } from '../host/host.ts';
import type { StandardStreams } from '../host/streams.ts';
import { faultOf } from './answer.ts';
import { closeEntries, openEntry } from './audit.ts';
import { makeDoor } from './connection.ts';
import { makeOutlet } from './outlet.ts';
import type { GatewayConfig } from './protocol.ts';
import { makeServices, type Services } from './services.ts';
import { warmUp } from './warm-up.ts';

const MAX_CONFIG_BYTES = 16 * 1024 * 1024;
const BACKLOG = 1024;

/** Serves until stdin ends, which it does when the action stops the gateway or dies. */
export async function serveGateway(streams: StandardStreams, spawn: Host['spawn']): Promise<void> {
  const outlet = makeOutlet(streams);
  const input = streams.stdin[Symbol.asyncIterator]();
  let services: Services;
  try {
    const config = await readConfig(input);
    services = await makeServices(config, outlet, spawn);
    outliveFaults(services);
    await listen(config.socket, makeDoor(services));
    const certificate = services.authority?.certificatePem ?? '';
    outlet.send({ type: 'ready', version: 1, certificate });
    void warmUp(config, services);
  } catch (error) {
    outlet.send({ type: 'failed', message: messageOf(error) });
    outlet.flush();
    return streams.exit(1);
  }
  while (!(await input.next()).done);
  closeEntries(services.recorder);
  outlet.flush();
  return streams.exit(0);
}

async function readConfig(input: AsyncIterator<Uint8Array>): Promise<GatewayConfig> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  while (size <= MAX_CONFIG_BYTES) {
    const { value, done } = await input.next();
    if (done) throw new Error('stdin ended before the configuration was complete');
    chunks.push(value);
    size += value.length;
    if (value.includes(0x0a)) return JSON.parse(Buffer.concat(chunks).toString()) as GatewayConfig;
  }
  throw new Error(`the configuration is larger than ${MAX_CONFIG_BYTES} bytes`);
}

/** A fault of ours that nothing else caught: it is not to end all that goes on beside it. */
function outliveFaults({ recorder }: Services): void {
  process.on('uncaughtException', (error) => openEntry(recorder).close(faultOf(error)));
}

async function listen(path: string, onConnection: (socket: Socket) => void): Promise<void> {
  // An end of the one direction is no end of the other: the relay keeps both.
  const server = createServer({ allowHalfOpen: true }, onConnection);
  server.listen({ path, backlog: BACKLOG });
  await once(server, 'listening');
  await chmod(path, 0o600);
}
