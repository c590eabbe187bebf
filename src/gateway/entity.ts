/** What of a request goes on beside its address: the fields that are for the upstream, and the body. */
import { Readable } from 'node:stream';
import { Denied } from './denied.ts';
import { checkOperations, checkQueryString } from './graphql.ts';
import type { Guest } from './guest.ts';
import { endToEnd, type Pairs, valuesOf, without } from './header.ts';

export type Entity = { readonly headers: Pairs; readonly body: Readable };

const GRAPHQL_PATH = /\/graphql\/?$/i;
const MAX_GRAPHQL_BYTES = 1024 * 1024;
const REPLACED = new Set(['host', 'expect']);
const LENGTH = new Set(['content-length']);

/**
 * `mutations`: those that the route lets pass; undefined: GraphQL is not looked at, and the body
 * goes on as it comes.
 *
 * @throws {Denied} `graphql`, `malformed`
 */
export async function readEntity(
  guest: Guest,
  mutations: readonly string[] | undefined,
  { path, query }: { readonly path: string; readonly query: string },
): Promise<Entity> {
  const headers = without(endToEnd(guest.headers), REPLACED);
  if (mutations === undefined || !GRAPHQL_PATH.test(path)) {
    return { headers: [...headers, ...wishesOf(guest)], body: guest.body };
  }
  checkQueryString(query);
  if (!guest.hasBody) return { headers, body: guest.body };
  if (valuesOf(headers, 'content-encoding').length > 0) {
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
  const wantsTrailers = valuesOf(headers, 'te').some((value) => /\btrailers\b/i.test(value));
  return [
    ...(expectsContinue && hasBody ? ([['Expect', '100-continue']] as const) : []),
    ...(wantsTrailers ? ([['te', 'trailers']] as const) : []),
  ];
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
