/** A GitHub API for tests: stateful, on the loopback device, intolerant of unknown routes. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Person = { readonly id: number; readonly login: string; readonly type: string };

export type State = {
  /** By number; a login here may differ from the one in an event: it was renamed. */
  readonly users: Map<number, Person>;
  /** By login. */
  readonly permissions: Map<string, 'admin' | 'write' | 'read' | 'none'>;
  /** By path below the repository: what `makeComment` and its like made. */
  readonly resources: Map<string, object>;
};

export type FakeApi = {
  readonly url: string;
  readonly state: State;
  /** Paths in the order in which they were asked for. */
  readonly asked: readonly string[];
  /** Requests that no route knows, or that lack the token. Must be empty in the end. */
  readonly unexpected: readonly string[];
  /** Answers the next requests with these statuses before anything else. */
  readonly faults: (number | 'hang' | 'huge' | { redirect: string })[];
  close(): Promise<void>;
};

export const REPOSITORY = 'octo-org/octo-repo';
export const TOKEN = 'ghs_testtoken';

export async function startApi(): Promise<FakeApi> {
  const state: State = { users: new Map(), permissions: new Map(), resources: new Map() };
  const asked: string[] = [];
  const unexpected: string[] = [];
  const faults: FakeApi['faults'] = [];
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    asked.push(path);
    const fault = faults.shift();
    if (fault !== undefined) {
      fail(response, fault);
      return;
    }
    if (request.method !== 'GET' || !isAuthorized(request)) {
      unexpected.push(`${request.method} ${path} ${request.headers.authorization}`);
      send(response, 401, { message: 'Bad credentials' });
      return;
    }
    const answer = route(state, path);
    if (answer === undefined) {
      unexpected.push(`GET ${path}`);
      send(response, 501, { message: 'The tests know no such route' });
      return;
    }
    send(response, answer === 'gone' ? 404 : 200, answer === 'gone' ? NOT_FOUND : answer);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    state,
    asked,
    unexpected,
    faults,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const NOT_FOUND = {
  message: 'Not Found',
  documentation_url: 'https://docs.github.com/rest',
  status: '404',
};

function isAuthorized({ headers }: IncomingMessage): boolean {
  return headers.authorization === `Bearer ${TOKEN}` && headers['user-agent'] !== undefined;
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

function fail(response: ServerResponse, fault: FakeApi['faults'][number]): void {
  if (fault === 'hang') return;
  if (typeof fault === 'number') send(response, fault, { message: 'fault' });
  else if (fault === 'huge') response.writeHead(200).end('x'.repeat(5 * 1024 * 1024));
  else response.writeHead(302, { location: fault.redirect }).end();
}

/** Undefined: no such route. */
function route(state: State, path: string): object | 'gone' | undefined {
  const id = /^\/user\/(\d+)$/.exec(path)?.[1];
  if (id !== undefined) {
    const person = state.users.get(Number(id));
    return person ? makeUser(person) : 'gone';
  }
  const prefix = `/repos/${REPOSITORY}`;
  if (!path.startsWith(prefix)) return undefined;
  const below = path.slice(prefix.length);
  const login = /^\/collaborators\/([^/]+)\/permission$/.exec(below)?.[1];
  if (login !== undefined) return permissionOf(state, decodeURIComponent(login));
  const known = /^\/(issues\/comments|pulls\/comments|issues|pulls|pulls\/\d+\/reviews)\/\d+$/;
  if (!known.test(below)) return undefined;
  return state.resources.get(below) ?? 'gone';
}

function permissionOf(state: State, login: string): object | 'gone' {
  const person = [...state.users.values()].find((user) => user.login === login);
  if (person === undefined) return 'gone';
  const permission = state.permissions.get(login) ?? 'none';
  return {
    permission,
    role_name: permission,
    user: { ...makeUser(person), permissions: undefined },
  };
}

/** As GitHub's description of its API has it: `simple-user`. */
export function makeUser({ id, login, type }: Person): object {
  const url = `https://api.github.com/users/${login}`;
  return {
    login,
    id,
    node_id: `U_${id}`,
    avatar_url: `https://avatars.githubusercontent.com/u/${id}`,
    gravatar_id: '',
    url,
    html_url: `https://github.com/${login}`,
    followers_url: `${url}/followers`,
    following_url: `${url}/following{/other_user}`,
    gists_url: `${url}/gists{/gist_id}`,
    starred_url: `${url}/starred{/owner}{/repo}`,
    subscriptions_url: `${url}/subscriptions`,
    organizations_url: `${url}/orgs`,
    repos_url: `${url}/repos`,
    events_url: `${url}/events{/privacy}`,
    received_events_url: `${url}/received_events`,
    type,
    site_admin: false,
  };
}
