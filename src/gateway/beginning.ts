/** Reads the beginning of a connection, and leaves what follows to whoever reads on. */
import type { Socket } from 'node:net';
import type { Denied } from './denied.ts';

export type Beginning<T> = {
  readonly timeoutMs: number;
  /** What the bytes so far say, and how many of them are used up by it; undefined: more must come. */
  parse(bytes: Buffer): { readonly value: T; readonly used: number } | undefined;
  /** For a connection that ends before, or takes too long. */
  refusal(why: string): Denied;
};

/** Nothing else may read the connection meanwhile. */
export function readBeginning<T>(socket: Socket, beginning: Beginning<T>): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  let bytes: Buffer = Buffer.alloc(0);
  const finish = () => {
    clearTimeout(timer);
    socket.off('readable', read).off('end', end).off('close', end);
  };
  const fail = (error: unknown) => {
    finish();
    reject(error);
  };
  const read = () => {
    const chunk = socket.read() as Buffer | null;
    if (chunk === null) return;
    bytes = bytes.length === 0 ? chunk : Buffer.concat([bytes, chunk]);
    try {
      const parsed = beginning.parse(bytes);
      if (parsed === undefined) return;
      finish();
      if (parsed.used < bytes.length) socket.unshift(bytes.subarray(parsed.used));
      resolve(parsed.value);
    } catch (error) {
      fail(error);
    }
  };
  const end = () => fail(beginning.refusal('the connection ended before'));
  const seconds = beginning.timeoutMs / 1000;
  const timer = setTimeout(
    () => fail(beginning.refusal(`nothing within ${seconds} s`)),
    beginning.timeoutMs,
  );
  socket.on('readable', read).on('end', end).on('close', end);
  return promise;
}
