/** What of a request goes on beside its address: the fields that are for the upstream, and the body. */
import { Readable } from 'node:stream';
import { Denied } from './denied.ts';
import { checkOperations, checkQueryString } from './graphql.ts';
import type { Guest } from './guest.ts';
import { endToEnd, hasField, type Pairs, valuesOf, without } from './header.ts';

export type Entity = { readonly headers: Pairs; readonly body: Readable };

/** With what a server may leave off: parameters, further slashes, spaces. */
const GRAPHQL_PATH = /^\/+(?:api\/+)?graphql(?:[;/%]|$)/i;
const MAX_GRAPHQL_BYTES = 1024 * 1024;
const REPLACED = new Set(['host', 'expect']);
const LENGTH = new Set(['content-length']);

/** What goes on as it comes. */
export function entityOf(guest: Guest): Entity {
  const headers = endToEnd(guest.headers, REPLACED);
  return { headers: [...headers, ...wishesOf(guest)], body: guest.body };
}

export function isGraphql(path: string): boolean {
  return GRAPHQL_PATH.test(path);
}

/**
 * The same for a request to GraphQL; its body is read to the end before it goes on.
 * `mutations`: those that the route lets pass.
 *
 * @throws {Denied} `graphql`, `malformed`
 */
export async function readGraphql(
  guest: Guest,
  mutations: readonly string[],
  query: string,
): Promise<Entity> {
  const headers = endToEnd(guest.headers, REPLACED);
  checkQueryString(query);
  if (!guest.hasBody) return { headers, body: guest.body };
  if (hasField(headers, 'content-encoding')) {
    throw new Denied('graphql', 'GraphQL: the request is encoded');
  }
  if (guest.expectsContinue) guest.sendContinue();
  const read = await new Promise<Buffer>((resolve, reject) => {
    guest.onBroken(reject);
    readAll(guest.body).then(resolve, reject);
  });
  const body = checkOperations(read, mutations);
  const length = ['Content-Length', String(body.length)] as const;
  return { headers: [...without(headers, LENGTH), length], body: Readable.from([body]) };
}

/** What the guest asks of this connection and what is to be asked of the next, too. */
function wishesOf({ headers, expectsContinue, hasBody }: Guest): Pairs {
  const wishes: [string, string][] = [];
  if (expectsContinue && hasBody) wishes.push(['Expect', '100-continue']);
  const wantsTrailers = valuesOf(headers, 'te').some((value) => /\btrailers\b/i.test(value));
  if (wantsTrailers) wishes.push(['te', 'trailers']);
  return wishes;
}

async function readAll(body: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  // Left open when it is too long: the guest still hears why.
  for await (const chunk of body.iterator({ destroyOnReturn: false })) {
    size += chunk.length;
    if (size > MAX_GRAPHQL_BYTES) throw new Denied('graphql', 'GraphQL: the request is too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
