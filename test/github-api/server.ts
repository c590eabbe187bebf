/**
 * GitHub on the loopback device: a stateful API whose repository is a real one, which real git serves
 * as well. Unknown routes and requests without the token are noted; faults come on demand.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gitServer } from '../upstream/git-server.ts';
import { makeBare } from './bare.ts';
import { answer } from './route.ts';
import { REPOSITORY, type State, TOKEN } from './state.ts';

export type Fault = {
  /** Of `POST /git/refs`, below the repository; absent: of any request. */
  readonly at?: RegExp;
  /** How many of them let pass before; default none. */
  readonly after?: number;
  /** How often; default once. */
  readonly times?: number;
  /** `cut`: unanswered and undone; `lost`: done and unanswered; `die`: and so is all that follows. */
  readonly with:
    | 'cut'
    | 'lost'
    | 'die'
    | 'lost-and-die'
    | {
        readonly status: number;
        readonly body?: unknown;
        readonly headers?: Record<string, string>;
      };
};

export type Request = { readonly method: string; readonly path: string; readonly body: unknown };

export type GitHubServer = {
  readonly url: string;
  readonly state: State;
  /** `POST /git/refs`: in their order, without the part that all have. */
  readonly asked: readonly string[];
  /** The same with what they brought, but for git's. */
  readonly requests: readonly Request[];
  /** Of no known route, or without the token. Must be empty in the end. */
  readonly unexpected: readonly string[];
  fault(fault: Fault): void;
  /** Called after each request was taken, before it is answered. */
  onAsked(listener: (call: string) => void): void;
  close(): Promise<void>;
};

export async function startGitHub(): Promise<GitHubServer> {
  const bare = makeBare(REPOSITORY);
  const state: State = {
    bare,
    ...{
      pulls: [],
      comments: [],
      runs: [],
      artifacts: [],
      rules: [],
      protectedBranches: new Set(),
      bypass: new Map(),
    },
    ...{ mayOpen: true, hasDrafts: true, isPerson: false },
    permissions: {
      contents: true,
      pulls: true,
      issues: true,
      administration: false,
      actions: true,
    },
  };
  const asked: string[] = [];
  const requests: Request[] = [];
  const unexpected: string[] = [];
  const faults: { -readonly [K in keyof Fault]: Fault[K] }[] = [];
  let listener: (call: string) => void = () => {};
  const basic = `Basic ${Buffer.from(`x-access-token:${TOKEN}`).toString('base64')}`;
  const serveGit = gitServer(bare.root, { authorization: basic });

  /** The fault that this call meets. */
  function meet(call: string): Fault['with'] | undefined {
    const fault = faults.find(({ at }) => at === undefined || at.test(call));
    if (fault === undefined) return undefined;
    if ((fault.after ?? 0) > 0) {
      fault.after = (fault.after ?? 0) - 1;
      return undefined;
    }
    const isDeath = fault.with === 'die' || fault.with === 'lost-and-die';
    if (isDeath) {
      faults.length = 0;
      faults.push({ with: 'cut', times: Number.POSITIVE_INFINITY });
    } else {
      fault.times = (fault.times ?? 1) - 1;
      if (fault.times <= 0) faults.splice(faults.indexOf(fault as never), 1);
    }
    return fault.with;
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? '';
    const call = `${request.method} ${path.replace(`/repos/${REPOSITORY}`, '')}`;
    asked.push(call);
    listener(call);
    const fault = meet(call);
    if (fault === 'cut' || fault === 'die') return void request.socket.destroy();
    if (path.startsWith(`/${REPOSITORY}/`)) {
      if (!state.permissions.contents && path.includes('receive-pack')) {
        return void response.writeHead(403).end('Write access to repository not granted.');
      }
      return void serveGit(request, response, undefined as never);
    }
    // Elsewhere, by an address that is signed.
    const blob = /^\/blobs\/(\d+)\.zip$/.exec(path)?.[1];
    if (blob !== undefined) {
      if (request.headers.authorization !== undefined) unexpected.push(`${call} with a token`);
      const found = state.artifacts.find(({ id }) => id === Number(blob));
      return void response.writeHead(200, { 'content-type': 'application/zip' }).end(found?.bytes);
    }
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const body: unknown = text === '' ? undefined : JSON.parse(text);
    requests.push({ method: request.method ?? '', path, body });
    if (![`Bearer ${TOKEN}`, `token ${TOKEN}`].includes(request.headers.authorization ?? '')) {
      unexpected.push(`${call} with ${request.headers.authorization}`);
      return send(response, 401, { message: 'Bad credentials' });
    }
    if (typeof fault === 'object') return send(response, fault.status, fault.body, fault.headers);
    const download = /\/actions\/artifacts\/(\d+)\/zip$/.exec(path)?.[1];
    if (download !== undefined) {
      const location = `http://${request.headers.host}/blobs/${download}.zip`;
      return void response.writeHead(302, { location }).end();
    }
    const given = answer(state, { method: request.method ?? '', path, body });
    if (fault !== undefined) return void request.socket.destroy();
    if (given === undefined) unexpected.push(call);
    send(
      response,
      given?.status ?? 501,
      given?.body ?? { message: 'The tests know no such route' },
    );
  }

  const server = createServer((request, response) => {
    serve(request, response).catch((error) => {
      unexpected.push(`${request.method} ${request.url}: ${error}`);
      response.destroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ...{ state, asked, requests, unexpected },
    fault: (fault) => faults.push({ ...fault }),
    onAsked: (given) => {
      listener = given;
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      bare.remove();
    },
  };
}

function send(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body ?? { message: 'fault' }));
}
