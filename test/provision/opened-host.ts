/** A bottle whose gateway answers for every host, by the run's authority; and programs in it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer, type ServerOptions } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import type { Authority } from '../../src/gateway/authority.ts';
import { bubblewrapEngine } from '../../src/machine/bubblewrap/bubblewrap.ts';
import type { Machine } from '../../src/machine/machine.ts';
import { bottleSpec } from '../machine/bottle.ts';
import { engineHost } from '../machine/engine-host.ts';
import { gather } from '../machine/gather.ts';

export const PROXY = 'http://127.0.0.1:7711';

/** What the host has to say, by path. */
export type Pages = Readonly<Record<string, string>>;

/** The machine's `destroy` ends the gateway too. */
export async function bootOpened(authority: Authority, pages: Pages): Promise<Machine> {
  const directory = mkdtempSync(join(tmpdir(), 'opened-test-'));
  const spec = bottleSpec(directory);
  const gateway = openingGateway(authority, pages);
  await new Promise<void>((resolve) => gateway.listen(spec.socket.host, resolve));
  const machine = await bubblewrapEngine(engineHost()).create(spec);
  const cleanUp = () => {
    gateway.close();
    gateway.closeAllConnections();
    rmSync(directory, { recursive: true, force: true });
  };
  return { ...machine, destroy: () => machine.destroy().finally(cleanUp) };
}

/** Answers CONNECT, and then as whatever host was asked for. */
function openingGateway(authority: Authority, pages: Pages) {
  const options: ServerOptions = {
    SNICallback: (name, done) => {
      authority.contextFor(name).then((context) => done(null, context), done);
    },
  };
  const opened = createHttpsServer(options, (request, response) => {
    const page = pages[request.url?.split('?')[0] ?? ''];
    response.writeHead(page === undefined ? 404 : 200, { 'content-type': 'text/html' }).end(page);
  });
  const gateway = createHttpServer();
  gateway.on('connect', (_request, socket: Duplex) => {
    // Clients that refuse the certificate reset the connection.
    socket.on('error', () => {});
    socket.write('HTTP/1.1 200 OK\r\n\r\n');
    opened.emit('connection', socket);
  });
  return gateway;
}

/** Runs its arguments in the guest, with the gateway at the proxy's address as long as they run. */
const RELAY = `
const net = require('node:net');
const relay = net.createServer({ allowHalfOpen: true }, (client) => {
  const gateway = net.connect({ path: '/run/bottle/gateway.sock', allowHalfOpen: true });
  for (const end of [client, gateway]) end.on('error', () => { client.destroy(); gateway.destroy(); });
  client.pipe(gateway).pipe(client);
});
relay.listen(7711, '127.0.0.1', () => {
  const [command, ...args] = process.argv.slice(1);
  const child = require('node:child_process').spawn(command, args, { stdio: 'inherit' });
  child.on('exit', (code) => process.exit(code ?? 1));
});
`;

/** Runs a shell script in the bottle, with the gateway reachable. */
export async function runBehindProxy(
  machine: Machine,
  script: string,
  environment: Readonly<Record<string, string>>,
) {
  const env = { http_proxy: PROXY, https_proxy: PROXY, HTTPS_PROXY: PROXY, ...environment };
  const { exitCode, text, stderr } = await gather(
    machine,
    ['node', '-e', RELAY, '--', 'sh', '-c', script],
    { env, timeoutMs: 60_000 },
  );
  return { exitCode, stdout: text, stderr: stderr.toString() };
}
