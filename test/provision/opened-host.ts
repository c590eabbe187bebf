/** A bottle whose gateway answers for every host, by the run's authority; and programs in it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer, type ServerOptions } from 'node:https';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { expect } from 'vitest';
import type { Authority } from '../../src/gateway/authority.ts';
import { bubblewrapEngine } from '../../src/machine/bubblewrap/bubblewrap.ts';
import type { Machine } from '../../src/machine/machine.ts';
import { execBehindRelay, proxyEnvironment } from '../../src/relay/relay.ts';
import { bottleSpec } from '../machine/bottle.ts';
import { engineHost } from '../machine/engine-host.ts';

const TOKEN = 'ab'.repeat(32);
const GREETING = `BOTTLE/1 ${TOKEN}\n`;

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
  const proxy = createHttpServer();
  proxy.on('connect', (_request, socket: Duplex) => {
    // Clients that refuse the certificate reset the connection.
    socket.on('error', () => {});
    socket.write('HTTP/1.1 200 OK\r\n\r\n');
    opened.emit('connection', socket);
  });
  return createServer((socket) => {
    socket.once('readable', () => {
      // A relay writes it in one piece.
      expect(String(socket.read(GREETING.length))).toBe(GREETING);
      proxy.emit('connection', socket);
    });
  });
}

/** Runs a shell script in the bottle, with the gateway reachable. */
export async function runBehindRelay(
  machine: Machine,
  script: string,
  environment: Readonly<Record<string, string>>,
) {
  const [stdout, stderr]: [Uint8Array[], Uint8Array[]] = [[], []];
  const { exitCode } = await execBehindRelay(machine, ['sh', '-c', script], {
    token: TOKEN,
    env: { ...proxyEnvironment(), ...environment },
    onStdout: (chunk) => void stdout.push(chunk),
    onStderr: (chunk) => void stderr.push(chunk),
    timeoutMs: 60_000,
  });
  return {
    exitCode,
    stdout: Buffer.concat(stdout).toString(),
    stderr: Buffer.concat(stderr).toString(),
  };
}
