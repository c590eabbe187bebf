/** Names that cannot be resolved: the lookup fails, or nobody ever answers it. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { routeTo } from '../upstream/gateway-process.ts';
import { startUpstream } from '../upstream/upstream.ts';
import { type Launched, launchGateway } from './launch.ts';
import { BROKEN, eventually, readToEnd, requestTo, toldBy } from './scene.ts';

const missing = ['bwrap', 'socat'].some((program) => !existsSync(`/usr/bin/${program}`))
  ? 'needs bwrap and socat: apt-get install bubblewrap socat'
  : '';

/** This machine, but for who resolves names; `more`: of bubblewrap. */
function withResolver(address: string, more: readonly string[] = []): string[] {
  const directory = mkdtempSync(join(tmpdir(), 'resolver-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const conf = join(directory, 'resolv.conf');
  // More patience than the gateway has.
  writeFileSync(conf, `nameserver ${address}\noptions timeout:30 attempts:1\n`);
  const machine = ['--bind', '/', '/', '--dev-bind', '/dev', '/dev', '--proc', '/proc'];
  const end = ['--die-with-parent', '--unshare-pid'];
  return ['/usr/bin/bwrap', ...machine, ...end, '--ro-bind', conf, '/etc/resolv.conf', ...more];
}

async function ask(gateway: Launched, request: string) {
  const socket = await gateway.connect();
  socket.write(request);
  return toldBy(await readToEnd(socket));
}

const linesOf = (gateway: Launched) =>
  gateway
    .messages()
    .flatMap((said) => (said.type === 'decision' && said.host === BROKEN ? [said] : []));

describe.skipIf(missing !== '')('a name that', () => {
  test('no server resolves: the guest is told, and names that need none are served', async () => {
    const upstream = await startUpstream();
    onTestFinished(() => upstream.close());
    const gateway = launchGateway({
      // Nobody listens there.
      wrapper: withResolver('127.9.9.9'),
      config: {
        routes: [routeTo(BROKEN), routeTo(upstream.name)],
        connectTo: upstream.connectTo,
      },
    });
    expect(await gateway.listenTo()).toMatchObject({ type: 'ready' });
    expect(await ask(gateway, requestTo('plain'))).toMatchObject({
      status: 502,
      denied: 'upstream-dns',
    });
    await expect
      .poll(() => linesOf(gateway))
      .toMatchObject([
        { rule: 'upstream-dns', decision: 'failed', detail: expect.stringContaining('EAI_AGAIN') },
      ]);
    const { name } = upstream;
    const next = `GET http://${name}/ HTTP/1.1\r\nHost: ${name}\r\nConnection: close\r\n\r\n`;
    expect(await ask(gateway, next)).toMatchObject({ status: 200 });
  });

  test('a server takes and never answers is given up after 10 s, many at once too', async () => {
    const gateway = launchGateway({
      wrapper: [
        ...withResolver('127.0.0.1', ['--unshare-net', '--cap-add', 'CAP_NET_BIND_SERVICE']),
        ...['/bin/sh', '-c', 'socat -u UDP-RECV:53 /dev/null & exec "$@"', 'sh'],
      ],
      config: { routes: [routeTo(BROKEN)] },
    });
    expect(await gateway.listenTo()).toMatchObject({ type: 'ready' });
    const asked = Array.from({ length: 10 }, () => ask(gateway, requestTo('plain')));
    const health =
      'GET /bottle/health HTTP/1.1\r\nHost: localhost:7711\r\nConnection: close\r\n\r\n';
    expect(await ask(gateway, health)).toMatchObject({ status: 200 });
    for (const told of await Promise.all(asked)) {
      expect(told).toMatchObject({ status: 502, denied: 'upstream-dns' });
    }
    await eventually(() => linesOf(gateway)).toHaveLength(10);
    expect(linesOf(gateway)[0]?.detail).toContain('no answer in time');
    expect(await ask(gateway, health)).toMatchObject({ status: 200 });
    // The lookups themselves go on for longer than that, and nobody waits for them.
    const before = performance.now();
    gateway.child.stdin.end();
    await gateway.exit;
    expect(performance.now() - before).toBeLessThan(5_000);
  });
});
