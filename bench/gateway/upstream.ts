/** Child: what all proxies of the bench lead to. Bytes for tunnels, small and large answers for HTTP. */
import { createServer as createTlsServer } from 'node:https';
import { createServer, type Socket } from 'node:net';
import { listen } from '../../test/upstream/upstream.ts';
import { serveWork } from './child.ts';

const CHUNK = Buffer.alloc(256 * 1024, 'bottle ');

serveWork({
  start: async (secret: { key: string; cert: string }) => ({
    bytes: await listen(createServer(serveBytes)),
    https: await listen(
      createTlsServer({ ...secret, keepAliveTimeout: 0 }, (request, response) => {
        const total = Number(request.url?.slice(1));
        response.writeHead(200, { 'Content-Length': total });
        write(response, total, () => response.end());
      }),
    ),
  }),
});

/**
 * Takes a ClientHello, since some proxies want to see one, then a line: `SEND n` for that many bytes,
 * `ECHO` for all that follows.
 */
function serveBytes(socket: Socket): void {
  socket.setNoDelay();
  socket.on('error', () => {});
  let head = Buffer.alloc(0);
  const read = (chunk: Buffer) => {
    head = Buffer.concat([head, chunk]);
    if (head.length < 5) return;
    const start = 5 + head.readUInt16BE(3);
    const end = head.indexOf('\n', start);
    if (end < 0) return;
    socket.off('data', read);
    const [command, count] = head.toString('latin1', start, end).split(' ');
    if (command === 'SEND') return write(socket, Number(count), () => {});
    socket.write(head.subarray(end + 1));
    socket.pipe(socket);
  };
  socket.on('data', read);
}

type Sink = { write(chunk: Uint8Array): boolean; once(event: 'drain', then: () => void): unknown };

function write(sink: Sink, total: number, then: () => void): void {
  let left = total;
  const send = () => {
    while (left > 0) {
      const chunk = left < CHUNK.length ? CHUNK.subarray(0, left) : CHUNK;
      left -= chunk.length;
      if (!sink.write(chunk)) return void sink.once('drain', send);
    }
    then();
  };
  send();
}
