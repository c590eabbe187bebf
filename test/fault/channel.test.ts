/** The gateway’s streams and its socket when whoever starts it does it wrong, or dies. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { routeTo } from '../upstream/gateway-process.ts';
import { startUpstream, type Upstream } from '../upstream/upstream.ts';
import { ENTRY, type Launched, launchGateway, NODE } from './launch.ts';
import { eventually, readToEnd, toldBy } from './scene.ts';

async function startUp(): Promise<Upstream> {
  const upstream = await startUpstream();
  onTestFinished(() => upstream.close());
  return upstream;
}

function launchFor(upstream: Upstream): Launched {
  const routes = [routeTo(upstream.name)];
  return launchGateway({ config: { routes, connectTo: upstream.connectTo } });
}

const requestFor = ({ name }: Upstream, path: string) =>
  `GET http://${name}${path} HTTP/1.1\r\nHost: ${name}\r\nConnection: close\r\n\r\n`;

async function ask(gateway: Launched, request: string): Promise<number> {
  const socket = await gateway.connect();
  socket.write(request);
  return toldBy(await readToEnd(socket)).status;
}

describe('an action that does not read what the gateway says', () => {
  const MAX_BATCHES = 50;
  /** Answers of the gateway itself, in the time of which any other would have come. */
  const ENOUGH_TURNS = 50;
  const HEALTH = 'GET /bottle/health HTTP/1.1\r\nHost: 127.0.0.1:7711\r\nConnection: close\r\n\r\n';

  /** Asks until a hundred requests are left without an answer, because nobody reads the audit. */
  async function fill(gateway: Launched, upstream: Upstream): Promise<void> {
    for (let batch = 0; batch < MAX_BATCHES; batch += 1) {
      let waiting = 100;
      const answered = () => {
        waiting -= 1;
      };
      for (let count = 0; count < 100; count += 1) {
        void ask(gateway, requestFor(upstream, '/next')).then(answered, () => {});
      }
      let quiet = 0;
      while (waiting > 0 && quiet < ENOUGH_TURNS) {
        const before = waiting;
        expect(await ask(gateway, HEALTH)).toBe(200);
        quiet = waiting === before ? quiet + 1 : 0;
      }
      if (waiting === 100) return;
    }
    throw new Error('the gateway never waited for a reader');
  }

  test('holds up new requests, and loses no line of them', async () => {
    const upstream = await startUp();
    const gateway = launchFor(upstream);
    await once(gateway.child.stdout, 'readable');
    await fill(gateway, upstream);
    const heard = await gateway.listenTo();
    expect(heard).toMatchObject({ type: 'ready' });
    await eventually(() => ask(gateway, requestFor(upstream, '/next'))).toBe(200);
    const lines = () => gateway.messages().filter(({ type }) => type === 'decision').length;
    await eventually(lines).toBe(upstream.requests.length);
    expect(gateway.stderr()).toBe('');
  });

  test('and closes its stdin: the gateway ends all the same', async () => {
    const upstream = await startUp();
    const gateway = launchFor(upstream);
    await once(gateway.child.stdout, 'readable');
    await fill(gateway, upstream);
    gateway.child.stdin.end();
    expect(await gateway.exit).toBe(0);
  });

  test('and closes its stdout: the gateway ends', async () => {
    const upstream = await startUp();
    const gateway = launchFor(upstream);
    await once(gateway.child.stdout, 'readable');
    gateway.child.stdout.destroy();
    const asked = ask(gateway, requestFor(upstream, '/next')).catch(() => 0);
    expect(await gateway.exit).not.toBe(0);
    await asked;
  });
});

describe('the end of stdin ends the gateway', () => {
  test.each([
    ['in the middle of an answer', '/slow?ms=20&bytes=1000'],
    ['while an upstream is silent', '/silence'],
  ])('%s', async (_, path) => {
    const upstream = await startUp();
    const gateway = launchFor(upstream);
    await gateway.listenTo();
    const asked = ask(gateway, requestFor(upstream, path));
    await eventually(() => upstream.requests.length).toBe(1);
    gateway.child.stdin.end();
    expect(await gateway.exit).toBe(0);
    await asked;
    await eventually(() => upstream.connections()).toBe(0);
  });

  test('when the action was killed, whatever it was doing', async () => {
    const upstream = await startUp();
    const { config } = launchFor(upstream);
    const directory = mkdtempSync(join(tmpdir(), 'parent-'));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    const own = { ...config, socket: join(directory, 'g.sock') };
    // Never reads what its child says.
    const script = `
      const child = require('node:child_process').spawn(process.argv[1], [process.argv[2]], {
        env: {}, stdio: ['pipe', 'pipe', 'inherit'], detached: true });
      child.stdin.write(${JSON.stringify(JSON.stringify(own))} + '\\n');
      child.stdout.once('readable', () => console.log(child.pid));`;
    const parent = spawn(NODE, ['-e', script, NODE, ENTRY], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [pid] = await once(parent.stdout, 'data');
    process.kill(Number(pid), 0);
    parent.kill('SIGKILL');
    await eventually(() => isThere(Number(pid))).toBe(false);
  });
});

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe('a gateway that is told', () => {
  test.each<[string, string | Uint8Array, RegExp]>([
    ['nothing', '', /stdin ended before the configuration was complete/],
    ['half a configuration', '{"version":1,"socket":"/tmp/x', /stdin ended before/],
    ['what is no JSON', 'hello\n', /JSON/],
    ['bytes', Buffer.from([0xff, 0xfe, 0x0a]), /JSON/],
    ['JSON that is no configuration', '{}\n', /./],
    ['null', 'null\n', /./],
    ['an array', '[]\n', /./],
    ['a socket that is none', '{"version":1,"socket":7,"routes":[]}\n', /./],
    [
      'no list of connections',
      '{"version":1,"socket":"/tmp/x","routes":[],"connectTo":"all"}\n',
      /./,
    ],
    ['more than 16 MiB', 'x'.repeat(17 * 1024 * 1024), /larger than 16777216 bytes/],
  ])('%s says why it fails, in one line, and ends', async (_, input, words) => {
    const gateway = launchGateway({ input });
    gateway.child.stdin.end();
    const first = await gateway.listenTo();
    expect(first).toMatchObject({ type: 'failed', message: expect.stringMatching(words) });
    expect(await gateway.exit).toBe(1);
    expect(gateway.messages()).toHaveLength(1);
    expect(gateway.stderr()).toBe('');
  });

  test.each([
    ['that is taken', (path: string) => path, /EADDRINUSE/],
    ['in a directory that is not there', (path: string) => `${path}.d/g.sock`, /EACCES|ENOENT/],
    [
      'that is longer than one can be',
      (path: string) => path + 'x'.repeat(200),
      /EINVAL|ENAMETOOLONG/,
    ],
  ])('a socket %s fails, and harms nobody', async (_, pathBeside, words) => {
    const other = launchGateway();
    await other.listenTo();
    const gateway = launchGateway({ config: { socket: pathBeside(other.config.socket) } });
    const message = expect.stringMatching(words);
    expect(await gateway.listenTo()).toMatchObject({ type: 'failed', message });
    expect(await gateway.exit).toBe(1);
    expect(
      await ask(
        other,
        'GET /bottle/health HTTP/1.1\r\nHost: localhost:7711\r\nConnection: close\r\n\r\n',
      ),
    ).toBe(200);
  });

  test('to listen where a file is leaves the file', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'file-'));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    const socket = join(directory, 'g.sock');
    writeFileSync(socket, 'precious');
    expect(await launchGateway({ config: { socket } }).listenTo()).toMatchObject({
      type: 'failed',
    });
  });
});

describe('two gateways at once', () => {
  test('know nothing of each other: the end of one is nothing to the other', async () => {
    const upstream = await startUp();
    const [one, other] = [launchFor(upstream), launchFor(upstream)];
    await Promise.all([one.listenTo(), other.listenTo()]);
    const slow = ask(other, requestFor(upstream, '/slow?ms=10&bytes=50'));
    await eventually(() => upstream.requests.length).toBe(1);
    one.child.kill('SIGKILL');
    await one.exit;
    expect(await slow).toBe(200);
    expect(await ask(other, requestFor(upstream, '/next'))).toBe(200);
    const lines = () => other.messages().filter(({ type }) => type === 'decision');
    await eventually(lines).toHaveLength(2);
    expect(one.messages()).toHaveLength(1);
  });

  test('do not take each other’s token', async () => {
    const upstream = await startUp();
    const [one, other] = [launchFor(upstream), launchFor(upstream)];
    await Promise.all([one.listenTo(), other.listenTo()]);
    const stranger = { ...one.config, socket: other.config.socket };
    const socket = await connectAs(stranger);
    expect(toldBy(await readToEnd(socket))).toMatchObject({ status: 403, denied: 'handshake' });
    expect(one.messages()).toHaveLength(1);
  });
});

async function connectAs({ socket: path, token }: Launched['config']): Promise<Socket> {
  const socket = connect(path);
  await once(socket, 'connect');
  socket.write(`BOTTLE/1 ${token}\n`);
  return socket;
}
