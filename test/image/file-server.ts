/** A loopback web server with one answer for each path, which counts what it is asked for. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Answer = (response: ServerResponse, request: IncomingMessage) => void | Promise<void>;

export type FileServer = {
  readonly url: string;
  /** How often each path was asked for. */
  readonly hits: ReadonlyMap<string, number>;
};

const open: { close(): void }[] = [];

/** Serves `answers` until `closeServers`. */
export async function serve(answers: Readonly<Record<string, Answer>>): Promise<FileServer> {
  const hits = new Map<string, number>();
  const server = createServer(async (request, response) => {
    const path = (request.url ?? '/').replace(/\?.*/, '');
    hits.set(path, (hits.get(path) ?? 0) + 1);
    const answer = answers[path];
    if (answer) await answer(response, request);
    else response.writeHead(404).end('<html>not found</html>');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  open.push({
    close() {
      server.closeAllConnections();
      server.close();
    },
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, hits };
}

export function closeServers(): void {
  for (const server of open.splice(0)) server.close();
}
