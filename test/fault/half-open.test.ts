/** Upstreams that take a connection and then do nothing: we give up, or the guest may. */
import { afterEach, describe, expect, test } from 'vitest';
import { type Behaviour, type BrokenUpstream, startBrokenUpstream } from './broken-upstream.ts';
import {
  BROKEN,
  eventually,
  openScene,
  readToEnd,
  requestTo,
  type Scene,
  type Way,
} from './scene.ts';

let broken: BrokenUpstream;
let scene: Scene;
afterEach(async () => {
  await scene.close();
  await broken.close();
});

async function open(behaviour: Behaviour, way: Way): Promise<void> {
  broken = await startBrokenUpstream(BROKEN, behaviour);
  scene = await openScene(broken, way);
}

/** Sees that it was left, and does nothing else. */
const mute: Behaviour = { onAccept: (tcp) => Boolean(tcp.resume()) };

test('TLS that the upstream does not begin is given up after 10 s', async () => {
  await open(mute, 'open');
  expect(await scene.ask('open')).toMatchObject({ status: 504, denied: 'upstream-timeout' });
  await scene.expectOneLine('upstream-timeout');
  await eventually(() => broken.connections()).toBe(0);
});

test('TLS that the upstream begins and does not finish is given up after 10 s', async () => {
  // The beginning of a record, the rest of which never comes.
  await open({ onAccept: (tcp) => Boolean(tcp.resume().write(Buffer.from([0x16]))) }, 'open');
  expect(await scene.ask('open')).toMatchObject({ status: 504, denied: 'upstream-timeout' });
  await scene.expectOneLine('upstream-timeout');
});

test('TLS that the upstream does not begin is not waited for when the guests have left', async () => {
  await open(mute, 'open');
  const sockets = [await scene.reach('open'), await scene.reach('open')];
  for (const socket of sockets) socket.write(requestTo('open'));
  await eventually(() => broken.accepted()).toBe(1);
  const ofBroken = () => scene.gateway.decisions().filter(({ host }) => host === BROKEN);
  for (const [index, socket] of sockets.entries()) {
    expect(broken.connections()).toBe(1);
    socket.destroy();
    await eventually(() => ofBroken().map(({ rule }) => rule)).toEqual(
      Array(index + 1).fill('route'),
    );
  }
  await eventually(() => broken.connections()).toBe(0);
});

const HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n';

describe.each(['plain', 'open', 'tunnel'] as const)('%s: the guest gives up on', (way) => {
  /** Settles when the request is with the upstream. */
  async function sendAndWait(behaviour: Behaviour, heard: () => boolean, request: string) {
    await open(behaviour, way);
    const socket = await scene.reach(way);
    socket.on('data', () => {});
    socket.write(request, 'latin1');
    await eventually(heard).toBe(true);
    return socket;
  }

  test.each([
    ['an upstream that says nothing', ''],
    ['one that says one byte', 'H'],
    ['one that stalls in its head', `${HEAD}Content-Le`],
    ['one that stalls in its body', `${HEAD}Content-Length: 100\r\n\r\nx`],
  ])('%s: it is let go, in one line', async (_, said) => {
    let heard = false;
    const onData: Behaviour['onData'] = (line) => {
      if (!line.heard.includes('\r\n\r\n')) return;
      line.say(said);
      heard = true;
    };
    const socket = await sendAndWait({ onData }, () => heard, requestTo(way));
    // What hangs holds up nobody else.
    await scene.expectServed();
    socket.destroy();
    await eventually(() => broken.connections()).toBe(0);
    await scene.expectOneLine('route');
  });

  test('one that stops reading: the guest has to wait, and nobody else, until it leaves', async () => {
    const size = 64 * 1024 * 1024;
    let stopped = false;
    const onData: Behaviour['onData'] = (line) => {
      line.stopReading();
      stopped = true;
    };
    const head = requestTo(way, '/', `Content-Length: ${size}\r\n`).replace('GET', 'POST');
    const socket = await sendAndWait({ onData }, () => stopped, head);
    await scene.expectServed();
    const chunk = Buffer.alloc(1024 * 1024);
    for (let sent = 0; sent < size; sent += chunk.length) socket.write(chunk);
    await scene.expectServed();
    expect(socket.writableLength).toBeGreaterThan(size / 2);
    socket.destroy();
    await scene.expectOneLine('route');
  });
});

test('a tunnel whose upstream ends first may still be written to', async () => {
  const onData: Behaviour['onData'] = (line) => line.end();
  await open({ onData }, 'tunnel');
  const socket = await scene.reach('tunnel');
  socket.write(requestTo('tunnel'));
  await readToEnd(socket);
  await scene.expectOneLine('route');
});
