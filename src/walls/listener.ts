/** Somebody who listens on the runner's loopback and knows who came: a word that is not the guest's. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';

export type Listener = {
  readonly port: number;
  /** How many have connected so far. */
  visitors(): Promise<number>;
  close(): void;
};

export async function listenOnLoopback(): Promise<Listener> {
  const accepted: (number | undefined)[] = [];
  const server = createServer((connection) => {
    accepted.push(connection.remotePort);
    connection.on('error', () => {});
    connection.destroy();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    // Connections are accepted in the order in which they came: ours comes last.
    async visitors() {
      const own = connect(port, '127.0.0.1');
      await once(own, 'connect');
      own.on('error', () => {});
      while (!accepted.includes(own.localPort)) await once(server, 'connection');
      return accepted.length - 1;
    },
    close: () => void server.close(),
  };
}
