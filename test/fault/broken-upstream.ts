/** An upstream that breaks: it has the TCP connection below its TLS in hand, to reset or to mute. */
import { createServer, type Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { ConnectTo } from '../../src/gateway/protocol.ts';
import { testAuthority } from '../upstream/authority.ts';
import { listen } from '../upstream/upstream.ts';

export type Line = {
  /** What the gateway sent so far, without TLS. */
  readonly heard: string;
  say(text: string): void;
  /** After all that was said: FIN, or RST. */
  end(): void;
  reset(): void;
  /** Takes nothing more from the connection. */
  stopReading(): void;
};

export type Behaviour = {
  /** Before a byte came. True: the connection is not served any further. */
  readonly onAccept?: (tcp: Socket) => boolean;
  /** For each piece that arrives. */
  readonly onData?: (line: Line) => void;
};

export type BrokenUpstream = {
  readonly name: string;
  /** The name at 443 (TLS) and 80 (plain). */
  readonly connectTo: ConnectTo[];
  readonly authority: string;
  /** Connections that are open now, and those that ever were. */
  connections(): number;
  accepted(): number;
  close(): Promise<void>;
};

export async function startBrokenUpstream(
  name: string,
  { onAccept, onData }: Behaviour,
): Promise<BrokenUpstream> {
  const authority = await testAuthority();
  const secret = await authority.issue([name], 'good');
  const open = new Set<Socket>();
  let accepted = 0;
  const serverOf = (speak: (tcp: Socket) => Socket) =>
    createServer((tcp) => {
      accepted += 1;
      open.add(tcp);
      tcp.on('error', () => {}).on('close', () => open.delete(tcp));
      if (onAccept?.(tcp)) return;
      const stream = speak(tcp);
      let heard = '';
      stream.on('error', () => {});
      stream.on('data', (chunk) => {
        heard += chunk.toString('latin1');
        onData?.(lineOf(tcp, stream, heard));
      });
    });
  const servers = [
    serverOf((tcp) => new TLSSocket(tcp, { ...secret, isServer: true })),
    serverOf((tcp) => tcp),
  ] as const;
  const [toTls, toPlain] = [await listen(servers[0]), await listen(servers[1])];
  return {
    name,
    connectTo: [
      { host: name, port: 443, address: '127.0.0.1', toPort: toTls },
      { host: name, port: 80, address: '127.0.0.1', toPort: toPlain },
    ],
    authority: authority.certificate,
    connections: () => open.size,
    accepted: () => accepted,
    async close() {
      for (const tcp of open) tcp.destroy();
      await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
    },
  };
}

function lineOf(tcp: Socket, stream: Socket, heard: string): Line {
  let said = Promise.resolve();
  const afterwards = (act: () => void) => {
    said = said.then(act);
  };
  return {
    heard,
    say: (text) => {
      const written = new Promise<void>((resolve) => {
        stream.write(text, 'latin1', () => resolve());
      });
      said = said.then(() => written);
    },
    end: () => afterwards(() => stream.end()),
    reset: () => afterwards(() => tcp.resetAndDestroy()),
    stopReading: () => stream.pause(),
  };
}
