/** One Twirp method: what a request must look like, and its answer. */
import { z } from 'zod';
import type { Claims } from './token.ts';

/** Protobuf's 64-bit integers are strings in JSON. */
export const INT64 = z.string().regex(/^\d+$/);

/** An error as Twirp sends it. */
export class RpcError extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export type Method = (request: unknown, claims: Claims) => Promise<object>;

type MethodDefinition<S extends z.ZodType> = {
  readonly request: S;
  readonly answer: (request: z.infer<S>, claims: Claims) => object | Promise<object>;
};

/** Puts the check of the request before each answer; a request of another shape is an `RpcError`. */
export function defineMethods<S extends Record<string, z.ZodType>>(
  definitions: {
    [Name in keyof S]: MethodDefinition<S[Name]>;
  },
): Record<string, Method> {
  const entries = Object.entries(definitions) as [string, MethodDefinition<z.ZodType>][];
  return Object.fromEntries(
    entries.map(([name, { request: shape, answer }]): [string, Method] => [
      name,
      async (request, claims) => {
        const checked = shape.safeParse(request);
        if (!checked.success) throw new RpcError(400, 'malformed', z.prettifyError(checked.error));
        return answer(checked.data, claims);
      },
    ]),
  );
}
