/** A gateway that is killed or stopped at any point: the guest is cut or waits, nobody hangs. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import type { BottleError } from '../../src/errors.ts';
import { startGateway } from '../../src/gateway/start.ts';
import { engineHost } from '../machine/engine-host.ts';
import { startUpstream, type Upstream } from '../upstream/upstream.ts';
import { ENTRY, launchGateway, NODE } from './launch.ts';
import {
  BROKEN,
  eventually,
  openScene,
  readToEnd,
  requestTo,
  type Scene,
  type Way,
} from './scene.ts';

const WAYS = ['plain', 'open', 'tunnel'] as const;
const SIZE = 5_000_000;

let upstream: Upstream;
let scene: Scene;

async function open(way: Way): Promise<void> {
  upstream = await startUpstream({ names: [BROKEN] });
  scene = await openScene(upstream, way);
}

/** What the guest is in the middle of, and how it looks when it went well. */
type Point = {
  begin(way: Way): Promise<Socket>;
  finish(socket: Socket): void;
  expected: RegExp;
};

const POINTS: Record<string, Point> = {
  'before its request': {
    begin: (way) => scene.reach(way),
    finish: (socket) => void socket.write(requestTo(wayOf(socket), '/late')),
    expected: /hello from \/late\n/,
  },
  'in the middle of its head': {
    begin: async (way) => {
      const socket = await scene.reach(way);
      socket.write(requestTo(way, '/late').slice(0, 20));
      return socket;
    },
    finish: (socket) => void socket.write(requestTo(wayOf(socket), '/late').slice(20)),
    expected: /hello from \/late\n/,
  },
  'in the middle of events': {
    begin: async (way) => {
      const socket = await scene.reach(way);
      socket.write(requestTo(way, '/slow?ms=20&bytes=30'));
      await once(socket, 'readable');
      return socket;
    },
    finish: () => {},
    expected: /\.\r\n0\r\n\r\n$/,
  },
  'in the middle of an upload': {
    begin: async (way) => {
      const socket = await scene.reach(way);
      const head = requestTo(way, '/echo', `Content-Length: ${SIZE}\r\n`);
      socket.write(head.replace('GET', 'POST'));
      socket.write('x'.repeat(SIZE / 2));
      await eventually(() => upstream.requests[0]?.bytes ?? 0).toBeGreaterThan(0);
      return socket;
    },
    finish: (socket) => void socket.write('x'.repeat(SIZE / 2)),
    expected: new RegExp(createHash('sha256').update('x'.repeat(SIZE)).digest('hex')),
  },
};

const wayOf = (socket: Socket): Way => ('encrypted' in socket ? 'tunnel' : 'plain');

describe.each(WAYS)('%s: a gateway that is', (way) => {
  beforeEach(() => open(way));
  afterEach(() => upstream.close());

  test.each(Object.entries(POINTS))('killed while the guest is %s', async (_, { begin }) => {
    const { pid, socket: path } = scene.gateway;
    const socket = await begin(way);
    process.kill(pid, 'SIGKILL');
    expect(await readToEnd(socket)).not.toMatch(/\r\n0\r\n\r\n$/);
    await eventually(() => upstream.connections()).toBe(0);
    await eventually(() => connecting(path)).toBe('ECONNREFUSED');
    await scene.close();
  });

  test.each(Object.entries(POINTS))(
    'stopped while the guest is %s goes on as if nothing was',
    async (_, { begin, finish, expected }) => {
      const { pid } = scene.gateway;
      const socket = await begin(way);
      process.kill(pid, 'SIGSTOP');
      await eventually(() => stateOf(pid)).toBe('T');
      finish(socket);
      process.kill(pid, 'SIGCONT');
      expect(await readToEnd(socket)).toMatch(expected);
      await scene.expectOneLine('route');
      await scene.close();
    },
  );
});

/** How a connection is refused; empty: it is not. */
function connecting(path: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? ''));
    socket.on('connect', () => {
      resolve('');
      socket.destroy();
    });
  });
}

function stateOf(pid: number): string {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  return stat.slice(stat.lastIndexOf(')') + 2).charAt(0);
}

describe('to the action, a gateway that is', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'gateway-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  /** `meet` gets its process id as soon as there is one. */
  function start(meet: (pid: number) => void, onDeath: (error: BottleError) => void = () => {}) {
    const host = engineHost({ nodePath: NODE, gatewayEntry: ENTRY });
    const meeting: typeof host = {
      ...host,
      spawn: async (argv, options) => {
        const child = await host.spawn(argv, options);
        meet(child.pid);
        return child;
      },
    };
    const { config } = launchGateway({ config: { socket: join(directory, 'g.sock') } });
    const socket = join(directory, 'own.sock');
    const request = { config: { ...config, socket }, log: join(directory, 'egress.jsonl') };
    return startGateway(meeting, request, { onDeath, onLimit: () => {} });
  }

  test('killed before it is ready did not come up', async () => {
    await expect(start((pid) => process.kill(pid, 'SIGKILL'))).rejects.toMatchObject({
      outcome: 'gateway-failed',
      where: expect.stringContaining('signal SIGKILL'),
    });
  });

  test('stopped before it is ready is waited for 10 s, and ended', async () => {
    let gone = 0;
    const starting = start((pid) => {
      gone = pid;
      process.kill(pid, 'SIGSTOP');
    });
    await expect(starting).rejects.toMatchObject({
      outcome: 'gateway-failed',
      where: expect.stringContaining('no handshake within 10 s'),
    });
    expect(() => process.kill(gone, 0)).toThrow('ESRCH');
  });

  test.each(['SIGKILL', 'SIGTERM', 'SIGSEGV'] as const)('ended by %s dies once', async (signal) => {
    const deaths: BottleError[] = [];
    const died = Promise.withResolvers<void>();
    let own = 0;
    const gateway = await start(
      (pid) => {
        own = pid;
      },
      (error) => {
        deaths.push(error);
        died.resolve();
      },
    );
    process.kill(own, signal);
    await died.promise;
    await gateway.stop();
    expect(deaths).toMatchObject([{ outcome: 'gateway-failed' }]);
  });

  test('stopped for good is ended all the same when the run is over', async () => {
    let own = 0;
    const gateway = await start((pid) => {
      own = pid;
    });
    process.kill(own, 'SIGSTOP');
    onTestFinished(() => expect(() => process.kill(own, 0)).toThrow('ESRCH'));
    await gateway.stop();
  });
});
