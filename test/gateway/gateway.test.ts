/** The gateway process as the action starts it: it shakes hands, refuses everything, and ends with us. */
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Gateway, startGateway } from '../../src/gateway/start.ts';
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

async function start(onDeath: (error: Error) => void = () => {}): Promise<Gateway> {
  gateway = await startGateway(hostFor(), join(directory, 'g.sock'), onDeath);
  return gateway;
}

/** What the gateway answers to these bytes until it closes the connection. */
async function ask(socket: string, request: string): Promise<string> {
  const client = connect(socket);
  client.write(request);
  let answer = '';
  client.on('data', (chunk) => {
    answer += chunk;
  });
  await once(client, 'close');
  return answer;
}

describe('the gateway', () => {
  test('listens on a socket that is its owner’s alone', async () => {
    const { socket } = await start();
    expect(statSync(socket).mode & 0o777).toBe(0o600);
  });

  test.each([
    'CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n',
    'GET http://169.254.169.254/latest HTTP/1.1\r\nHost: 169.254.169.254\r\n\r\n',
    '\x16\x03\x01\x00\x05hello',
    '\n',
  ])('refuses %j by name', async (request) => {
    const { socket } = await start();
    const answer = await ask(socket, request);
    expect(answer).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n/);
    expect(answer).toContain('X-Bottle-Denied: no-route\r\n');
  });

  test('reports each decision, without what may be secret', async () => {
    const { socket, decisions } = await start();
    await ask(socket, 'GET http://example.com/a?token=hunter2hunter2 HTTP/1.1\r\n\r\n');
    await ask(socket, `${'x'.repeat(5000)}\x1b[31m\r\n\r\n`);
    expect(decisions).toHaveLength(2);
    expect(decisions[0]).toMatchObject({
      decision: 'denied',
      rule: 'no-route',
      request: 'GET http://example.com/a HTTP/1.1',
    });
    await ask(socket, 'GET http://me:hunter2hunter2@example.com/ HTTP/1.1\r\n\r\n');
    expect(decisions.at(-1)?.request).toBe('GET http://example.com/ HTTP/1.1');
    expect(decisions[1]?.request).toBe('x'.repeat(200));
  });

  test('outlives a guest that resets, stays silent or comes in hundreds', async () => {
    const { socket } = await start();
    const crowd = Array.from({ length: 400 }, () => {
      const client = connect(socket);
      client.on('error', () => {});
      return client;
    });
    for (const client of crowd) client.destroy();
    expect(await ask(socket, 'GET / HTTP/1.1\r\n\r\n')).toContain('403');
  });

  test('has an empty environment', async () => {
    await start();
    expect(readFileSync(`/proc/${pid}/environ`, 'utf8')).toBe('');
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
    const failure = startGateway(hostFor(broken), join(directory, 'g.sock'), () => {});
    await expect(failure).rejects.toMatchObject({ outcome: 'gateway-failed' });
  });

  test('that does not come up is an error that says why', async () => {
    const broken = join(directory, 'broken.mjs');
    writeFileSync(broken, 'console.error("cannot find my own feet"); process.exit(3)');
    const socket = join(directory, 'g.sock');
    const failure = startGateway(hostFor(broken), socket, () => {});
    await expect(failure).rejects.toMatchObject({ outcome: 'gateway-failed' });
    await expect(failure).rejects.toThrow(/exit code 3.*cannot find my own feet/s);
  });

  test('needs a socket path that a unix socket can have', async () => {
    const socket = join(directory, 'x'.repeat(120), 'g.sock');
    await expect(startGateway(hostFor(), socket, () => {})).rejects.toThrow(/too long/);
  });

  test('cannot take a socket that is there already', async () => {
    const socket = join(directory, 'g.sock');
    writeFileSync(socket, '');
    await expect(startGateway(hostFor(), socket, () => {})).rejects.toThrow(/EADDRINUSE/);
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
       await startGateway(watched, ${JSON.stringify(join(directory, 'p.sock'))}, () => {});
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
