/** The gateway process as the action starts it: it shakes hands, tells what it does, and ends with us. */
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { GatewayConfig } from '../../src/gateway/protocol.ts';
import { type Gateway, type GatewayRequest, startGateway } from '../../src/gateway/start.ts';
import type { Host } from '../../src/host/host.ts';
import { engineHost } from '../machine/engine-host.ts';

const ENTRY = fileURLToPath(new URL('../../src/gateway.ts', import.meta.url));
const NODE = fileURLToPath(new URL('../../node_modules/.bin/node', import.meta.url));

let directory: string;
let pid = 0;
let gateway: Gateway | undefined;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'gateway-'));
});
afterEach(async () => {
  await gateway?.stop();
  gateway = undefined;
  rmSync(directory, { recursive: true });
});

/** A host that tells which process it started. */
function hostFor(entry = ENTRY): Host {
  const host = engineHost({ nodePath: NODE, gatewayEntry: entry });
  return {
    ...host,
    spawn: async (argv, options) => {
      const child = await host.spawn(argv, options);
      pid = child.pid;
      return child;
    },
  };
}

const TOKEN = '0123456789abcdef'.repeat(4);
const socketPath = () => join(directory, 'g.sock');

function configFor(socket: string): GatewayConfig {
  return {
    version: 1,
    socket,
    token: TOKEN,
    mode: 'enforce',
    routes: [],
    limits: { tokens: null, requests: null, bytes: null },
    secrets: [],
    extraAuthorities: '',
    connectTo: [],
  };
}

const requestFor = (socket = socketPath()): GatewayRequest => ({
  config: configFor(socket),
  log: join(directory, 'egress.jsonl'),
});

async function start(onDeath: (error: Error) => void = () => {}): Promise<Gateway> {
  gateway = await startGateway(hostFor(), requestFor(), { onDeath, onLimit: () => {} });
  return gateway;
}

const startWith = (host: Host, socket = socketPath()) =>
  startGateway(host, requestFor(socket), { onDeath: () => {}, onLimit: () => {} });

/** What the gateway answers to these bytes until it closes the connection. */
async function ask(request: string): Promise<string> {
  const client = connect(socketPath());
  client.write(`BOTTLE/1 ${TOKEN}\n${request}`);
  let answer = '';
  client.on('data', (chunk) => {
    answer += chunk;
  });
  await once(client, 'close');
  return answer;
}

describe('the gateway', () => {
  test('listens on a socket that is its owner’s alone', async () => {
    await start();
    expect(statSync(socketPath()).mode & 0o777).toBe(0o600);
  });

  test('tells each decision, without what may be secret', async () => {
    const running = await start();
    await ask(
      'GET http://example.com/a?token=hunter2hunter2 HTTP/1.1\r\nHost: example.com\r\n\r\n',
    );
    await ask('GET http://me:hunter2hunter2@example.com/ HTTP/1.1\r\nHost: example.com\r\n\r\n');
    await ask(`${'x'.repeat(5000)}\x1b[31m\r\n\r\n`);
    await expect.poll(() => running.egress().denied).toBe(3);
    const rules = running.egress().denials.map(({ rule }) => rule);
    expect(rules).toEqual(['no-route', 'malformed', 'malformed']);
    await running.stop();
    const log = readFileSync(join(directory, 'egress.jsonl'), 'utf8');
    expect(log).toContain('"host":"example.com"');
    expect(log).not.toContain('hunter2');
  });

  test('outlives a guest that resets, stays silent or comes in hundreds', async () => {
    await start();
    const crowd = Array.from({ length: 400 }, () => {
      const client = connect(socketPath());
      client.on('error', () => {});
      return client;
    });
    for (const client of crowd) client.destroy();
    expect(await ask('GET / HTTP/1.1\r\nHost: a\r\n\r\n')).toContain('malformed');
  });

  test('has nothing in its environment but the number of its threads', async () => {
    await start();
    expect(readFileSync(`/proc/${pid}/environ`, 'utf8')).toBe('UV_THREADPOOL_SIZE=32\0');
  });

  test('ends when it is told to, and that is no death', async () => {
    const deaths: Error[] = [];
    const running = await start((error) => deaths.push(error));
    await running.stop();
    await running.stop();
    expect(() => process.kill(pid, 0)).toThrow();
    expect(deaths).toEqual([]);
  });

  test('tells its death once it was up', async () => {
    const death = Promise.withResolvers<Error>();
    await start(death.resolve);
    process.kill(pid, 'SIGKILL');
    await expect(death.promise).resolves.toMatchObject({ outcome: 'gateway-failed' });
    expect((await death.promise).message).toContain('SIGKILL');
  });

  test.each([
    ['speaks gibberish', 'console.log("not JSON")'],
    ['never ends a line', 'process.stdout.write("x".repeat(1e6))'],
  ])('that %s is one that failed, and no crash', async (_, script) => {
    const broken = join(directory, 'broken.mjs');
    writeFileSync(broken, `${script}; setInterval(() => {}, 1000)`);
    const failure = startWith(hostFor(broken));
    await expect(failure).rejects.toMatchObject({ outcome: 'gateway-failed' });
  });

  test('that does not come up is an error that says why', async () => {
    const broken = join(directory, 'broken.mjs');
    writeFileSync(broken, 'console.error("cannot find my own feet"); process.exit(3)');
    const failure = startWith(hostFor(broken));
    await expect(failure).rejects.toMatchObject({ outcome: 'gateway-failed' });
    await expect(failure).rejects.toThrow(/exit code 3.*cannot find my own feet/s);
  });

  test('needs a socket path that a unix socket can have', async () => {
    const socket = join(directory, 'x'.repeat(120), 'g.sock');
    await expect(startWith(hostFor(), socket)).rejects.toThrow(/too long/);
  });

  test('cannot take a socket that is there already', async () => {
    const socket = join(directory, 'g.sock');
    writeFileSync(socket, '');
    await expect(startWith(hostFor(), socket)).rejects.toThrow(/EADDRINUSE/);
  });

  test('ends with its parent', async () => {
    const parent = join(directory, 'parent.mts');
    const own = fileURLToPath(new URL('../../src/gateway/start.ts', import.meta.url));
    const host = fileURLToPath(new URL('../machine/engine-host.ts', import.meta.url));
    writeFileSync(
      parent,
      `import { startGateway } from ${JSON.stringify(own)};
       import { engineHost } from ${JSON.stringify(host)};
       const host = engineHost({ nodePath: ${JSON.stringify(NODE)}, gatewayEntry: ${JSON.stringify(ENTRY)} });
       const spawn = host.spawn;
       const watched = { ...host, spawn: async (argv, options) => {
         const child = await spawn(argv, options);
         console.log(child.pid);
         return child;
       } };
       await startGateway(watched, ${JSON.stringify(requestFor(join(directory, 'p.sock')))}, { onDeath() {}, onLimit() {} });
       process.kill(process.pid, 'SIGKILL');`,
    );
    const run = await engineHost().run([NODE, parent]);
    const child = Number(run.stdout);
    expect(child, run.stderr).toBeGreaterThan(0);
    await expect.poll(() => isGone(child)).toBe(true);
  });
});

/** A zombie that nobody collects here has ended, too. */
function isGone(child: number): boolean {
  try {
    process.kill(child, 0);
  } catch {
    return true;
  }
  const stat = readFileSync(`/proc/${child}/stat`, 'latin1');
  return stat.slice(stat.lastIndexOf(')') + 2).startsWith('Z');
}
