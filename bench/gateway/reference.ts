/** Child: what Node can do at all. A relay of bytes, and a reverse proxy that ends and begins TLS. */
import { Agent, createServer as createTlsServer, request as httpsRequest } from 'node:https';
import { connect, createServer } from 'node:net';
import { listen } from '../../test/upstream/upstream.ts';
import { serveWork } from './child.ts';

serveWork({ startRelay, startReverseProxy });

function startRelay({ to }: { to: number }): Promise<number> {
  return listen(
    createServer({ noDelay: true }, (client) => {
      const upstream = connect({ port: to, host: '127.0.0.1', noDelay: true });
      client.on('error', () => upstream.destroy()).pipe(upstream);
      upstream.on('error', () => client.destroy()).pipe(client);
    }),
  );
}

function startReverseProxy(options: {
  readonly key: string;
  readonly cert: string;
  readonly ca: string;
  readonly servername: string;
  readonly to: number;
}): Promise<number> {
  const { key, cert, ca, servername, to } = options;
  const agent = new Agent({ keepAlive: true, ca });
  const upstream = { agent, servername, host: '127.0.0.1', port: to };
  return listen(
    createTlsServer({ key, cert, keepAliveTimeout: 0 }, (request, response) => {
      const { method, url, headers } = request;
      const onward = httpsRequest({ ...upstream, method, path: url, headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 0, answer.rawHeaders);
        answer.pipe(response);
      });
      onward.on('error', () => response.destroy());
      request.pipe(onward);
    }),
  );
}
