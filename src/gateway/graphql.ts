/** Reads what a GraphQL request asks for: mutations pass only where the route names them. */
import { Denied } from './denied.ts';

const TOKEN =
  /[\s,\uFEFF]+|#[^\n\r]*|"""(?:\\"""|[\s\S])*?"""|"(?:\\.|[^"\\\n\r])*"|\.{3}|[A-Za-z_]\w*|-?\d[\w.+-]*|[!$&()[\]{}:=@|]/y;
const IGNORED = /^[\s,\uFEFF#]/;
const NAME = /^[A-Za-z_]/;
const OPENING = new Map([
  ['(', ')'],
  ['[', ']'],
  ['{', '}'],
]);
const READING = new Set(['query', 'subscription', 'fragment']);

/**
 * `body`: of the POST, one operation or a list of them. Gives the body that is to go on: written
 * anew, so that nobody can read another one into it.
 *
 * @throws {Denied} `graphql`
 */
export function checkOperations(body: Buffer, allowed: readonly string[]): Buffer {
  const parsed = parseJson(body);
  for (const operation of [parsed].flat()) checkOperation(operation, allowed);
  return Buffer.from(JSON.stringify(parsed));
}

/** The query of a GET. @throws {Denied} `graphql` */
export function checkQueryString(query: string): void {
  const parameters = [...new URLSearchParams(query)].filter(([name]) => name === 'query');
  for (const [, document] of parameters) checkDocument(document, []);
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    throw refusal('the request is not JSON');
  }
}

function checkOperation(operation: unknown, allowed: readonly string[]): void {
  const { query } = (operation ?? {}) as { readonly query?: unknown };
  if (typeof query !== 'string') throw refusal('the request has no query of its own');
  checkDocument(query, allowed);
}

function checkDocument(document: string, allowed: readonly string[]): void {
  const refused = mutationsOf(document).filter((name) => !allowed.includes(name));
  if (refused.length > 0) {
    throw refusal(`the route does not list the mutation ${refused.slice(0, 5).join(', ')}`);
  }
}

/** Fields of all mutations in a document, whichever operation is to run. @throws {Denied} */
export function mutationsOf(document: string): string[] {
  const tokens = tokenise(document);
  const names: string[] = [];
  for (let at = 0; at < tokens.length; ) {
    const kind = tokens[at] === '{' ? 'query' : tokens[at];
    while (tokens[at] !== '{') at = skip(tokens, at);
    const end = skip(tokens, at);
    if (kind === 'mutation') names.push(...fieldsOf(tokens.slice(at + 1, end - 1)));
    else if (kind === undefined || !READING.has(kind)) throw refusal('it cannot be understood');
    at = end;
  }
  return names;
}

/** Of a selection, those at its first level; an alias is not what counts. */
function fieldsOf(tokens: readonly string[]): string[] {
  const names: string[] = [];
  for (let at = 0; at < tokens.length; ) {
    if (tokens[at + 1] === ':') at += 2;
    const name = tokens[at] ?? '';
    if (!NAME.test(name)) throw refusal('a mutation may not begin with a fragment');
    names.push(name);
    at += 1;
    while (tokens[at] === '(' || tokens[at] === '{' || tokens[at] === '@') {
      at = tokens[at] === '@' ? at + 2 : skip(tokens, at);
    }
  }
  return names;
}

/** Behind the token at `at`; behind its counterpart when it opens something. */
function skip(tokens: readonly string[], at: number): number {
  const expected: string[] = [];
  for (let next = at; next < tokens.length; next += 1) {
    const token = tokens[next] ?? '';
    const closing = OPENING.get(token);
    if (closing !== undefined) expected.push(closing);
    else if (token === ')' || token === ']' || token === '}') {
      if (expected.pop() !== token) break;
    }
    if (expected.length === 0) return next + 1;
  }
  throw refusal('it cannot be understood');
}

function tokenise(document: string): string[] {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < document.length) {
    const [token] = TOKEN.exec(document) ?? [];
    if (token === undefined) throw refusal('it cannot be understood');
    if (!IGNORED.test(token)) tokens.push(token);
  }
  return tokens;
}

function refusal(detail: string): Denied {
  return new Denied('graphql', `GraphQL: ${detail}`);
}
