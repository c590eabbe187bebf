/** A gateway for relay tests: takes the handshake, then does what the first line says. */
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';

export const TOKEN = 'c0ffee00'.repeat(8);

export type TestGateway = {
  /** Connections that began with the right line, so far. */
  greeted(): number;
  /** Connections that are open now. */
  open(): number;
  /** What `flood` has written so far, in bytes. */
  written(): number;
  /** Settles when no connection is open. */
  idle(): Promise<void>;
  /** What each `first` received after it had ended its side, in bytes. */
  readonly received: number[];
  close(): void;
};

type Tally = { readonly received: number[]; written: number };
type Answer = (connection: Socket, tally: Tally) => void;

/** By the first line after the handshake. */
const ANSWERS: Readonly<Record<string, Answer>> = {
  echo: (connection) => void connection.pipe(connection),
  count: (connection) => countBytes(connection, (bytes) => connection.end(`${bytes}\n`)),
  first: (connection, { received }) => {
    connection.end('bye\n');
    countBytes(connection, (bytes) => received.push(bytes));
  },
  flood: (connection, tally) => {
    const block = Buffer.alloc(1024 * 1024);
    const write = () => {
      do tally.written += block.length;
      while (connection.write(block));
    };
    connection.on('drain', write).resume();
    write();
  },
  /** Refuses as a server should: ends its side, and reads what is still under way. */
  refuse: (connection) => void connection.end('denied\n').resume(),
  /** Refuses and is gone. */
  slam: (connection) => {
    connection.pause();
    connection.end('denied\n', () => connection.destroy());
  },
  /** A proxy that allows nothing. */
  default: (connection) =>
    void connection
      .resume()
      .end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n'),
  vanish: (connection) => void connection.destroy(),
};

function countBytes(connection: Socket, done: (bytes: number) => void): void {
  let bytes = 0;
  connection.on('data', (chunk) => {
    bytes += chunk.length;
  });
  connection.on('end', () => done(bytes));
}

/** Takes the place of whatever listens at `path`. */
export async function openTestGateway(
  path: string,
  answers: Readonly<Record<string, Answer>> = ANSWERS,
): Promise<TestGateway> {
  const connections = new Set<Socket>();
  const tally: Tally = { received: [], written: 0 };
  let greeted = 0;
  const server = createServer({ allowHalfOpen: true }, async (connection) => {
    connections.add(connection);
    connection.on('error', () => {});
    connection.on('close', () => {
      connections.delete(connection);
      server.emit('left');
    });
    const [greeting, request = ''] = await readLines(connection, 2);
    if (greeting !== `BOTTLE/1 ${TOKEN}`) return void connection.destroy();
    greeted += 1;
    const answer = answers[request.trim()] ?? answers.default;
    if (answer) answer(connection, tally);
    else connection.destroy();
  });
  rmSync(path, { force: true });
  server.listen({ path, backlog: 1024 });
  await once(server, 'listening');
  return {
    greeted: () => greeted,
    open: () => connections.size,
    async idle() {
      while (connections.size > 0) await once(server, 'left');
    },
    received: tally.received,
    written: () => tally.written,
    close() {
      server.close();
      for (const connection of connections) connection.destroy();
    },
  };
}

/** The first lines; what follows them stays in the connection. Fewer when it ended before. */
async function readLines(connection: Socket, count: number): Promise<string[]> {
  let held = Buffer.alloc(0);
  while (held.toString('latin1').split('\n').length <= count) {
    const chunk: Buffer | null = connection.read();
    if (chunk) held = Buffer.concat([held, chunk]);
    else if (connection.readableEnded || connection.destroyed) break;
    else await Promise.race(['readable', 'end', 'close'].map((name) => once(connection, name)));
  }
  const lines = held.toString('latin1').split('\n');
  const used = Buffer.byteLength(`${lines.slice(0, count).join('\n')}\n`, 'latin1');
  if (held.length > used) connection.unshift(held.subarray(used));
  return lines.slice(0, count);
}
