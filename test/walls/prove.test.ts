/** The walls are proven where they stand, and each missing one is named. */
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BottleError } from '../../src/errors.ts';
import type { Machine } from '../../src/machine/machine.ts';
import { makeProbes } from '../../src/walls/probe.ts';
import { proveWalls } from '../../src/walls/prove.ts';
import { engineHost } from '../machine/engine-host.ts';
import { TOKEN } from '../relay/gateway.ts';
import { ENGINES, onlyWith, PROGRAMS, type Scene, whyNot } from '../relay/scene.ts';
import { ALLOWED, type Fault, openGateway } from './gateway.ts';
import { leakyMachine, machineOf, openMachine } from './leak.ts';

const host = engineHost();
const routes = [ALLOWED];
const PROBES = makeProbes({ runnerPort: 0, relayPort: 7711, gatewaySocket: '', routes });

const prove = (machine: Machine) => proveWalls(host, machine, { token: TOKEN, routes });
const failure = (machine: Machine): Promise<BottleError> =>
  prove(machine).then(
    () => new BottleError({ outcome: 'success', what: 'proven', where: '', fix: '' }),
    (error) => error,
  );

for (const [engine, { obstacle, open }] of Object.entries(ENGINES)) {
  const reason = obstacle || PROGRAMS.map(whyNot).find((why) => why !== '') || '';
  if (reason === '') describe(`${engine}: the walls`, () => describeStanding(open));
  else test(`${engine}: the walls`, (context) => context.skip(reason));
}

function describeStanding(open: () => Promise<Scene>): void {
  let scene: Scene;
  let close: () => void;
  beforeAll(async () => {
    scene = await open();
    close = await openGateway(scene.socket);
  });
  afterAll(async () => {
    close?.();
    await scene?.close();
  });

  test.each(PROGRAMS)('are proven by %s', async (program) => {
    const PATH = await onlyWith(scene.machine, [program]);
    const behind: Machine = {
      ...scene.machine,
      exec: (argv, options) => scene.machine.exec(argv, { ...options, env: { PATH } }),
    };
    const { probes } = await prove(behind);
    expect(probes.map(({ name }) => name)).toEqual(PROBES.map(({ name }) => name));
    for (const { found, expected, milliseconds } of probes) {
      expect(found.startsWith(expected)).toBe(true);
      expect(milliseconds).toBeGreaterThan(0);
    }
  });
}

const { obstacle } = ENGINES.bubblewrap;
const missing = PROGRAMS.map(whyNot).find((why) => why !== '');
const noIp = host.which('ip') ? '' : 'needs ip: apt-get install iproute2';
const reason = obstacle || missing || noIp;
if (reason === '') describe('a wall that is missing', describeMissing);
else test('a wall that is missing', (context) => context.skip(reason));

function describeMissing(): void {
  const directory = mkdtempSync(join(tmpdir(), 'walls-'));
  const socket = join(directory, 'gateway.sock');
  let close: () => void;
  const openWith = async (fault?: Fault) => {
    close?.();
    close = await openGateway(socket, fault);
  };
  afterAll(() => {
    close?.();
    rmSync(directory, { recursive: true, force: true });
  });

  test('is not found where none is', async () => {
    await openWith();
    expect((await prove(leakyMachine(socket))).probes).toHaveLength(PROBES.length);
  });

  const outside = PROBES.filter(({ expected }) => expected === 'unreachable');
  test.each(outside)('$name ($transport $address) is named', async (probe) => {
    await openWith();
    const error = await failure(leakyMachine(socket, probe));
    expect(error.outcome).toBe('isolation-failed');
    expect(error.what).toContain(`: ${probe.name}: reached`);
    expect(error.where).toMatch(/^1 findings in 11 /);
  });

  test("the runner's loopback is named by the runner itself", async () => {
    await openWith();
    const error = await failure(openMachine(socket));
    expect(error.outcome).toBe('isolation-failed');
    expect(error.what).toContain("the runner's loopback: reached");
    expect(error.what).toContain("the runner's loopback: 1 × connected to");
  });

  test.each<[Fault, string[]]>([
    ['any token', ['the gateway with a wrong token: HTTP 200']],
    ['tunnels everything', ['a host that is not allowed: HTTP 200']],
    ['refuses all', ['a host that is allowed: denied: no-route']],
    [
      'busy',
      [
        'a host that is not allowed: denied: busy',
        'a host that is allowed: denied: busy',
        'the gateway through the relay: denied',
      ],
    ],
    ['no health', ['the gateway through the relay: HTTP 200']],
    [
      'silent',
      [
        'a host that is not allowed: reached',
        'a host that is allowed: reached',
        'the gateway through the relay: reached',
      ],
    ],
  ])('a gateway that is wrong is named: %s', async (fault, named) => {
    await openWith(fault);
    const error = await failure(leakyMachine(socket));
    expect(error.outcome).toBe('isolation-failed');
    for (const fact of named) expect(error.what).toContain(fact);
    expect(error.where).toContain(`${named.length} findings in 11 `);
  });
}

describe('a guest that lies', () => {
  const LINES = PROBES.map(({ expected }, index) => {
    const answers: Readonly<Record<string, string>> = {
      unreachable: 'closed no answer',
      'HTTP 200': `open ${hex('HTTP/1.1 200 OK\r\n\r\nok\n')}`,
      'denied: handshake': 'open ',
    };
    const refused = `open ${hex('HTTP/1.1 403 No\r\nX-Bottle-Denied: no-route\r\n\r\n')}`;
    return `${index} ${answers[expected] ?? refused}\n`;
  });
  const saying = (text: string, exitCode = 0) =>
    machineOf(async (_, options) => {
      await options?.onStderr?.(Buffer.from('bottle-relay: listening\n'));
      for (let at = 0; at < text.length; at += 1000) {
        await options?.onStdout?.(Buffer.from(text.slice(at, at + 1000), 'latin1'));
      }
      return { exitCode, timedOut: false, aborted: false, durationMs: 1 };
    });

  test('is believed when it says what it should, since nobody else can tell', async () => {
    expect((await prove(saying(LINES.join('')))).probes).toHaveLength(11);
  });

  test('is not believed when the runner saw it come', async () => {
    const lying = machineOf(async (argv, options) => {
      const port = Number(argv[argv.lastIndexOf('100.96.0.1') + 1]);
      const visit = connect(port, '127.0.0.1');
      await new Promise((resolve) => visit.once('connect', resolve));
      visit.destroy();
      return await saying(LINES.join('')).exec(argv, options);
    });
    const error = await failure(lying);
    expect(error.outcome).toBe('isolation-failed');
    expect(error.where).toMatch(/^1 findings in 11 /);
  });

  const all = LINES.join('');
  test.each([
    ['says nothing', ''],
    ['leaves a wall out', LINES.slice(1).join('')],
    ['says a thing twice', all + LINES[0]],
    ['says a thing in another way twice', `${all}0 open \n`],
    ['says more than was asked', `${all}11 closed no answer\n`],
    ['says something else too', `${all}hello\n`],
    ['breaks off', all.slice(0, -1)],
    ['says too much', all.replace('closed', `closed ${'x'.repeat(40_000)}`)],
    ['has control bytes in its words', all.replace('no answer', 'no\u001b[2Janswer')],
    ['repeats itself for ever', all.repeat(1000)],
    ['answers in another protocol', all.replaceAll(hex('HTTP/1.1'), hex('HTTP/0.9'))],
  ])('proves nothing when it %s', async (_, text) => {
    expect((await failure(saying(text))).outcome).toBe('isolation-failed');
  });

  test('proves nothing when its program fails', async () => {
    expect((await failure(saying(all, 1))).what).toContain('not answered by the guest');
  });

  test('brings none of its own text into the error', async () => {
    const text = all.replace('closed no answer', `open ${hex('::error::pwned\r\n')}`);
    expect((await failure(saying(text))).message).not.toContain('pwned');
  });
});

function hex(text: string): string {
  return Buffer.from(text, 'latin1').toString('hex');
}
