/**
 * Stands in for Gitea's API of deploy keys. The contract, from its API description (v1.22):
 * `GET /repos/{owner}/{repo}/keys?page&limit` answers 200 with a list, `POST` 201 with the key, or 422
 * where its title or the key is known; `DELETE …/keys/{id}` 204, or 404. 401 without the token.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { listen } from '../upstream/upstream.ts';

export type ShownKey = { id: number; title: string; key: string; read_only: boolean };

export type Gitea = {
  readonly api: string;
  readonly keys: ShownKey[];
  /** Each request as `<method> <path>`. */
  readonly asked: string[];
  /** Answers in place of the API, where it returns a status. */
  fault: (method: string) => number | undefined;
  /** Called whenever the keys have changed. */
  onChange: () => void;
  close(): Promise<void>;
};

export const GITEA_TOKEN = 'gitea-0123456789abcdef0123456789abcdef01';
/** What a server shows on a page, however much it is asked for. */
const PAGE = 3;

export async function startGitea(repository = 'me/site'): Promise<Gitea> {
  const keys: ShownKey[] = [];
  const asked: string[] = [];
  const server = createServer((request, response) => void answer(request, response));
  const port = await listen(server);
  const gitea: Gitea = {
    api: `http://127.0.0.1:${port}/api/v1`,
    keys,
    asked,
    fault: () => undefined,
    onChange: () => {},
    close: async () => {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '', headers } = request;
    const { pathname, searchParams } = new URL(url, gitea.api);
    asked.push(`${method} ${pathname}`);
    const say = (status: number, body?: unknown) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    const fault = gitea.fault(method);
    if (fault !== undefined) return void say(fault, { message: 'as the test wants it' });
    if (!/^(?:Bearer|token) (.+)$/i.exec(headers.authorization ?? '')?.[1]?.includes(GITEA_TOKEN))
      return void say(401, { message: 'token is required' });
    const base = `/api/v1/repos/${repository}/keys`;
    const id = Number(pathname.slice(base.length + 1));
    if (method === 'GET' && pathname === base) {
      const from = (Number(searchParams.get('page') ?? 1) - 1) * PAGE;
      return void say(200, keys.slice(from, from + PAGE));
    }
    if (method === 'POST' && pathname === base) {
      const key = { ...JSON.parse(await text(request)), id: 100 + asked.length } as ShownKey;
      if (keys.some(({ title }) => title === key.title))
        return void say(422, { message: 'Key title has been used' });
      keys.push(key);
      gitea.onChange();
      return void say(201, key);
    }
    const index = keys.findIndex((key) => key.id === id);
    if (method !== 'DELETE' || index < 0) return void say(404, { message: 'not found' });
    keys.splice(index, 1);
    gitea.onChange();
    response.writeHead(204).end();
  }
  return gitea;
}
