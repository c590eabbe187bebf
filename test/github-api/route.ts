/** The routes of the API, over a real repository: what GitHub documents of them, no more. */
import {
  LOGIN,
  type PullRequest,
  REPOSITORY,
  REPOSITORY_ID,
  type State,
  type WorkflowRun,
} from './state.ts';

export type Answer = { readonly status: number; readonly body: unknown };
export type Asked = { readonly method: string; readonly path: string; readonly body: unknown };

type Body = Readonly<Record<string, unknown>>;
type Handler = (
  state: State,
  match: readonly string[],
  body: Body,
  query: URLSearchParams,
) => Answer;

const ok = (body: unknown, status = 200): Answer => ({ status, body });
const notFound: Answer = ok({ message: 'Not Found', status: '404' }, 404);
const unprocessable = (message: string, errors?: unknown): Answer =>
  ok({ message, ...(errors ? { errors } : {}), status: '422' }, 422);
const forbidden = ok({ message: 'Resource not accessible by integration', status: '403' }, 403);

const ROUTES: readonly (readonly [string, RegExp, Handler])[] = [
  [
    'GET',
    /^$/,
    ({ permissions }) =>
      ok({
        full_name: REPOSITORY,
        default_branch: 'main',
        permissions: { push: permissions.contents },
      }),
  ],
  ['GET', /^\/branches\/([^/]+)$/, getBranch],
  [
    'GET',
    /^\/git\/commits\/([0-9a-f]+)$/,
    ({ bare }, [sha = '']) => (bare.typeOf(sha) === 'commit' ? ok({ sha }) : notFound),
  ],
  [
    'GET',
    /^\/git\/ref\/heads%2F([^/]+)$/,
    ({ bare }, [branch = '']) => {
      const sha = bare.headOf(branch);
      return sha === ''
        ? notFound
        : ok({ ref: `refs/heads/${branch}`, object: { sha, type: 'commit' } });
    },
  ],
  [
    'POST',
    /^\/git\/blobs$/,
    ({ bare, permissions }, _, { content, encoding }) => {
      if (!permissions.contents) return forbidden;
      const bytes = Buffer.from(String(content), encoding === 'base64' ? 'base64' : 'utf8');
      return ok({ sha: bare.writeBlob(bytes) }, 201);
    },
  ],
  ['POST', /^\/git\/trees$/, postTree],
  ['POST', /^\/git\/commits$/, postCommit],
  ['POST', /^\/git\/refs$/, postRef],
  ['PATCH', /^\/git\/refs\/heads%2F([^/]+)$/, patchRef],
  ['GET', /^\/compare\/(.+)\.\.\.([0-9a-f]+)$/, compare],
  ['GET', /^\/pulls$/, listPulls],
  ['POST', /^\/pulls$/, postPull],
  ['PATCH', /^\/pulls\/(\d+)$/, patchPull],
  [
    'POST',
    /^\/issues\/(\d+)\/labels$/,
    (state, [number], { labels }) =>
      onPull(state, number, (pull) => {
        pull.labels = [...new Set([...pull.labels, ...(labels as string[])])];
        return ok(pull.labels.map((name) => ({ name })));
      }),
  ],
  [
    'POST',
    /^\/pulls\/(\d+)\/requested_reviewers$/,
    (state, [number], body) =>
      onPull(state, number, (pull) => {
        const people = body.reviewers as string[];
        if (people.includes('nobody'))
          return unprocessable('Reviews may only be requested from collaborators.');
        pull.reviewers = people;
        pull.teams = body.team_reviewers as string[];
        return ok(shown(pull), 201);
      }),
  ],
  [
    'GET',
    /^\/issues\/(\d+)\/comments$/,
    ({ comments }, [issue], _, query) => {
      const page = Number(query.get('page') ?? 1);
      const size = Number(query.get('per_page') ?? 30);
      const all = comments.filter((comment) => comment.issue === Number(issue));
      return ok(all.slice((page - 1) * size, page * size).map(shownComment));
    },
  ],
  [
    'POST',
    /^\/issues\/(\d+)\/comments$/,
    (state, [issue], { body }) => {
      if (!state.permissions.issues) return forbidden;
      const comment = {
        id: state.comments.length + 1,
        issue: Number(issue),
        body: String(body),
        user: LOGIN,
      };
      state.comments.push(comment);
      return ok(shownComment(comment), 201);
    },
  ],
  [
    'PATCH',
    /^\/issues\/comments\/(\d+)$/,
    (state, [id], { body }) => {
      const comment = state.comments.find((one) => one.id === Number(id));
      if (comment === undefined) return notFound;
      if (comment.user !== LOGIN) return forbidden;
      comment.body = String(body);
      return ok(shownComment(comment));
    },
  ],
  [
    'GET',
    /^\/rules\/branches\/(.+)$/,
    ({ rules }) =>
      ok(
        rules.map((rule) => ({
          ...rule,
          ruleset_source_type: 'Repository',
          ruleset_source: REPOSITORY,
        })),
      ),
  ],
  [
    'GET',
    /^\/rulesets\/(\d+)$/,
    ({ bypass }, [id]) => {
      const can = bypass.get(Number(id));
      return can === undefined
        ? notFound
        : ok({
            id: Number(id),
            name: `ruleset ${id}`,
            enforcement: 'active',
            current_user_can_bypass: can,
          });
    },
  ],
  ['GET', /^\/actions\/artifacts$/, listArtifacts],
  [
    'GET',
    /^\/actions\/runs\/(\d+)$/,
    ({ runs, permissions }, [id]) => {
      if (!permissions.actions) return forbidden;
      const run = runs.find((one) => one.id === Number(id));
      return run === undefined ? notFound : ok(shownRun(run));
    },
  ],
  [
    'GET',
    /^\/actions\/permissions\/workflow$/,
    ({ permissions, mayOpen }) =>
      permissions.administration
        ? ok({ default_workflow_permissions: 'read', can_approve_pull_request_reviews: mayOpen })
        : forbidden,
  ],
];

function listArtifacts(
  { artifacts, runs, permissions }: State,
  _: readonly string[],
  __: Body,
  query: URLSearchParams,
): Answer {
  if (!permissions.actions) return forbidden;
  const found = artifacts.filter(({ name }) => name === (query.get('name') ?? name));
  const shown = found.map(({ id, name, bytes, digest, run, expired = false }) => ({
    id,
    name,
    size_in_bytes: bytes.length,
    expired,
    digest,
    workflow_run: {
      id: run,
      repository_id: REPOSITORY_ID,
      head_repository_id: runs.find((one) => one.id === run)?.head ?? null,
    },
  }));
  return ok({ total_count: shown.length, artifacts: shown });
}

function shownRun({ head, actor, triggering_actor, ...run }: WorkflowRun) {
  return {
    ...run,
    repository: { id: REPOSITORY_ID, full_name: REPOSITORY },
    head_repository: head === null ? null : { id: head },
    actor: { id: actor, login: 'somebody' },
    triggering_actor: { id: triggering_actor, login: 'somebody' },
  };
}

/** Undefined: no such route. */
export function answer(state: State, { method, path, body }: Asked): Answer | undefined {
  const url = new URL(path, 'http://api.test');
  if (method === 'POST' && url.pathname === '/graphql') return viewer(state);
  if (method === 'GET' && url.pathname === '/user')
    return state.isPerson ? ok({ login: LOGIN, id: 1 }) : forbidden;
  const prefix = `/repos/${REPOSITORY}`;
  if (!url.pathname.startsWith(prefix)) return undefined;
  const below = url.pathname.slice(prefix.length);
  for (const [verb, pattern, handler] of ROUTES) {
    const match = pattern.exec(below);
    if (verb !== method || !match) continue;
    const parts = match.slice(1).map((part) => decodeURIComponent(part));
    return handler(state, parts, (body ?? {}) as Body, url.searchParams);
  }
  return undefined;
}

function viewer({ isPerson }: State): Answer {
  return ok(
    isPerson
      ? { errors: [{ message: 'no GraphQL here' }] }
      : { data: { viewer: { login: LOGIN } } },
  );
}

function getBranch({ bare, protectedBranches }: State, [name = '']: readonly string[]): Answer {
  const sha = bare.headOf(name);
  if (sha === '') return ok({ message: 'Branch not found', status: '404' }, 404);
  const [tree = ''] = bare.git('log', '-1', '--format=%T', sha).split('\n');
  const message = bare.git('log', '-1', '--format=%B', sha);
  return ok({
    name,
    commit: { sha, commit: { message, tree: { sha: tree } } },
    protected: protectedBranches.has(name),
  });
}

function postTree({ bare, permissions }: State, _: readonly string[], body: Body): Answer {
  if (!permissions.contents) return forbidden;
  const entries = body.tree as {
    path: string;
    mode: string;
    type: string;
    sha?: string | null;
    content?: string;
  }[];
  const base = body.base_tree as string | undefined;
  if (base !== undefined && bare.typeOf(base) !== 'tree') return notFound;
  for (const { sha, content, path, type } of entries) {
    const given = [sha, content].filter((part) => part !== undefined).length;
    if (given !== 1) return unprocessable(`tree.sha and tree.content: exactly one for ${path}`);
    if (typeof sha === 'string' && type === 'blob' && bare.typeOf(sha) !== 'blob')
      return unprocessable('tree.sha does not exist');
  }
  return ok({ sha: bare.writeTree(base, entries) }, 201);
}

function postCommit({ bare, permissions }: State, _: readonly string[], body: Body): Answer {
  if (!permissions.contents) return forbidden;
  const { message, tree, parents, author, committer } = body;
  if (author || committer) return unprocessable('not signed: the request names an author');
  if (bare.typeOf(String(tree)) !== 'tree') return unprocessable('Tree SHA does not exist');
  const ids = parents as string[];
  if (ids.some((id) => bare.typeOf(id) !== 'commit'))
    return unprocessable('Parent SHA does not exist');
  return ok(
    {
      sha: bare.writeCommit(String(tree), ids, String(message), LOGIN),
      verification: { verified: true },
    },
    201,
  );
}

function postRef(
  { bare, permissions, rules }: State,
  _: readonly string[],
  { ref, sha }: Body,
): Answer {
  if (!permissions.contents) return forbidden;
  const branch = /^refs\/heads\/(.+)$/.exec(String(ref))?.[1] ?? '';
  if (bare.typeOf(String(sha)) !== 'commit') return unprocessable('Object does not exist');
  if (rules.some(({ type }) => type === 'creation'))
    return unprocessable(
      'Repository rule violations found\n\nCannot create ref due to creations being restricted.',
    );
  if (bare.headOf(branch) !== '') return unprocessable('Reference already exists');
  bare.git('update-ref', `refs/heads/${branch}`, String(sha), '0'.repeat(40));
  return ok({ ref, object: { sha, type: 'commit' } }, 201);
}

function patchRef(
  { bare, permissions }: State,
  [branch = '']: readonly string[],
  { sha, force }: Body,
): Answer {
  if (!permissions.contents) return forbidden;
  const old = bare.headOf(branch);
  if (old === '') return unprocessable('Reference does not exist');
  const isForward = bare.git('merge-base', old, String(sha)) === old;
  if (!isForward && force !== true) return unprocessable('Update is not a fast forward');
  bare.git('update-ref', `refs/heads/${branch}`, String(sha));
  return ok({ ref: `refs/heads/${branch}`, object: { sha, type: 'commit' } });
}

function compare({ bare }: State, [start = '', to = '']: readonly string[]): Answer {
  const from = bare.headOf(start) || start;
  if (bare.typeOf(from) !== 'commit' || bare.typeOf(to) !== 'commit') return notFound;
  const list = (range: string) =>
    bare.git('rev-list', '--reverse', range).split('\n').filter(Boolean);
  const [ahead, behind] = [list(`${from}..${to}`), list(`${to}..${from}`)];
  const status =
    ahead.length === 0
      ? behind.length === 0
        ? 'identical'
        : 'behind'
      : behind.length === 0
        ? 'ahead'
        : 'diverged';
  const commits = ahead.map((sha) => ({
    sha,
    commit: { message: bare.git('log', '-1', '--format=%B', sha) },
  }));
  return ok({ status, total_commits: ahead.length, commits: commits.slice(0, 100), files: [] });
}

function listPulls(
  { pulls }: State,
  _: readonly string[],
  __: Body,
  query: URLSearchParams,
): Answer {
  const owner = REPOSITORY.split('/')[0];
  const [head, base] = [query.get('head'), query.get('base')];
  const found = pulls.filter(
    (pull) =>
      pull.state === (query.get('state') ?? 'open') &&
      (head === null || head === `${owner}:${pull.head}`) &&
      (base === null || base === pull.base),
  );
  return ok(found.map(shown));
}

function postPull(state: State, _: readonly string[], body: Body): Answer {
  const { bare, pulls, permissions, mayOpen, hasDrafts } = state;
  if (!permissions.pulls) return forbidden;
  if (!mayOpen)
    return ok(
      { message: 'GitHub Actions is not permitted to create or approve pull requests.' },
      403,
    );
  const { head, base, title, draft } = body as Record<string, string>;
  if (!title || !head || !base)
    return unprocessable('Validation Failed', [{ field: 'title', code: 'missing_field' }]);
  if (bare.headOf(base) === '')
    return unprocessable('Validation Failed', [
      { resource: 'PullRequest', field: 'base', code: 'invalid' },
    ]);
  if (bare.headOf(head) === '')
    return unprocessable('Validation Failed', [
      { resource: 'PullRequest', field: 'head', code: 'invalid' },
    ]);
  if (draft && !hasDrafts)
    return unprocessable('Draft pull requests are not supported in this repository.');
  if (bare.git('rev-list', '--count', `${base}..${head}`) === '0')
    return unprocessable('Validation Failed', [
      { message: `No commits between ${base} and ${head}` },
    ]);
  if (pulls.some((pull) => pull.state === 'open' && pull.head === head && pull.base === base))
    return unprocessable('Validation Failed', [
      { message: `A pull request already exists for octo-org:${head}.` },
    ]);
  const pull: PullRequest = {
    ...{ number: 100 + pulls.length, title, body: String(body.body ?? ''), head, base },
    ...{ draft: Boolean(draft), state: 'open', user: LOGIN, labels: [], reviewers: [], teams: [] },
  };
  pulls.push(pull);
  return ok(shown(pull), 201);
}

function patchPull(state: State, [number]: readonly string[], body: Body): Answer {
  return onPull(state, number, (pull) => {
    if (typeof body.title === 'string') pull.title = body.title;
    if (typeof body.body === 'string') pull.body = body.body;
    return ok(shown(pull));
  });
}

function onPull(
  state: State,
  number: string | undefined,
  action: (pull: PullRequest) => Answer,
): Answer {
  if (!state.permissions.pulls) return forbidden;
  const pull = state.pulls.find((one) => one.number === Number(number));
  return pull === undefined ? notFound : action(pull);
}

function shown(pull: PullRequest): object {
  const { head, base, labels, reviewers, teams, user, ...rest } = pull;
  return {
    ...rest,
    html_url: `https://github.com/${REPOSITORY}/pull/${pull.number}`,
    user: { login: user },
    head: { ref: head },
    base: { ref: base },
    labels: labels.map((name) => ({ name })),
    requested_reviewers: reviewers.map((login) => ({ login })),
    requested_teams: teams.map((slug) => ({ slug })),
  };
}

function shownComment({ id, body, user, issue }: State['comments'][number]): object {
  const html_url = `https://github.com/${REPOSITORY}/issues/${issue}#issuecomment-${id}`;
  return { id, body, user: { login: user }, html_url };
}
