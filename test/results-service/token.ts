/** The runtime token that a step authenticates with: a JWT whose claims say what it may do. */
import { createHmac, timingSafeEqual } from 'node:crypto';

export type CacheScope = {
  /** A git ref. */
  readonly scope: string;
  /** 1 = read, 2 = write, 3 = both. */
  readonly permission: 1 | 2 | 3;
};

export type Claims = {
  readonly runId: string;
  readonly jobId: string;
  /** Searched in this order; the first with write permission is written to. */
  readonly scopes: readonly CacheScope[];
};

export function signToken(claims: Claims, key: Buffer): string {
  const head = encode({ alg: 'HS256', typ: 'JWT' });
  const body = encode({
    scp: `Actions.Results:${claims.runId}:${claims.jobId}`,
    ac: JSON.stringify(claims.scopes.map((s) => ({ Scope: s.scope, Permission: s.permission }))),
    exp: Math.floor(Date.now() / 1000) + 6 * 3600,
  });
  return `${head}.${body}.${sign(`${head}.${body}`, key)}`;
}

/** The claims of an `Authorization` header; undefined when it is not one of ours or too old. */
export function readToken(header: string | undefined, key: Buffer): Claims | undefined {
  const [, head, body, signature] = /^Bearer ([^.]+)\.([^.]+)\.([^.]+)$/.exec(header ?? '') ?? [];
  if (head === undefined || body === undefined || signature === undefined) return undefined;
  const expected = Buffer.from(sign(`${head}.${body}`, key));
  const given = Buffer.from(signature);
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;
  const claims = JSON.parse(Buffer.from(body, 'base64url').toString());
  const [, runId, jobId] = claims.scp.split(':');
  if (claims.exp * 1000 < Date.now()) return undefined;
  const scopes = JSON.parse(claims.ac) as { Scope: string; Permission: CacheScope['permission'] }[];
  return {
    runId,
    jobId,
    scopes: scopes.map(({ Scope, Permission }) => ({ scope: Scope, permission: Permission })),
  };
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function sign(text: string, key: Buffer): string {
  return createHmac('sha256', key).update(text).digest('base64url');
}
