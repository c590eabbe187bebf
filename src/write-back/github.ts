/** The calls that write-back makes to GitHub's API: each answer is one that was hoped for, or an error. */
import type { z } from 'zod';
import type { ApiAnswer, ApiClient, ApiMethod, CallOptions } from '../github/client.ts';
import { refusedBy } from './fault.ts';
import type { Place } from './written.ts';

export type Call<T> = CallOptions & {
  readonly method: ApiMethod;
  /** Below the repository: `/git/refs`. */
  readonly path: string;
  /** `The commit was not made`: what it means if it fails. */
  readonly what: string;
  readonly answer: z.ZodType<T>;
};

export type GitHub = {
  /** `repos/owner/name` and what follows. */
  pathOf(below: string): string;
  rest: ApiClient['rest'];
  /** Any status. */
  ask(method: ApiMethod, below: string, options?: CallOptions): Promise<ApiAnswer>;
  /** Throws a `BottleError` `push-failed` for every status but 2xx, and for an answer of no sense. */
  demand<T>(call: Call<T>): Promise<T>;
  /** Undefined for a 404. */
  find<T>(call: Omit<Call<T>, 'method'>): Promise<T | undefined>;
};

export function openGitHub(api: ApiClient, { repository }: Pick<Place, 'repository'>): GitHub {
  const pathOf = (below: string) => `/repos/${repository}${below}`;
  const ask: GitHub['ask'] = (method, below, options) => api.call(method, pathOf(below), options);

  function read<T>({ method, path, what, answer }: Call<T>, given: ApiAnswer): T {
    const call = `${method} ${pathOf(path)}`;
    if (given.status < 200 || given.status > 299) throw refusedBy(what, call, given);
    const parsed = answer.safeParse(given.body);
    if (parsed.success) return parsed.data;
    throw refusedBy(what, call, {
      ...given,
      body: { message: 'an answer that is not understood' },
    });
  }

  return {
    pathOf,
    rest: api.rest,
    ask,
    demand: async (call) => read(call, await ask(call.method, call.path, call)),
    find: async (call) => {
      const given = await ask('GET', call.path, call);
      return given.status === 404 ? undefined : read({ ...call, method: 'GET' }, given);
    },
  };
}

/** A name as one segment of a path. */
export const segment = (name: string): string => encodeURIComponent(name);
