/** A bottle under bubblewrap to measure with. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createHost } from '../src/host/actions.ts';
import type { HostPath } from '../src/host/host.ts';
import { bubblewrapEngine } from '../src/machine/bubblewrap/bubblewrap.ts';

/** `root`: an empty directory, in which its socket and its files are. */
export async function openBottle(root: HostPath) {
  const host = createHost();
  const user = { name: 'agent', uid: 1000, gid: 1000, home: '/home/agent' };
  // The bottle wants a gateway's socket; nothing is said over it here.
  const gateway = createServer().listen(join(root, 'gateway.sock'));
  await once(gateway, 'listening');
  const machine = await bubblewrapEngine(host).create({
    name: 'bottle-bench',
    image: { kind: 'host' },
    cpus: 2,
    memoryMib: 1024,
    storageGib: 4,
    user,
    socket: { host: join(root, 'gateway.sock'), guest: '/run/bottle/gateway.sock' },
    stateDir: join(root, 'state'),
    labels: {},
  });
  return {
    host,
    machine,
    user,
    close: async () => {
      await machine.destroy();
      gateway.close();
    },
  };
}
