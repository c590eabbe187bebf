/** Turns chunks that are pushed into a stream that is pulled; the pusher waits for the reader. */

export type ChunkPipe = {
  /** Settles when the chunk was used up, or at once when nobody reads any more. */
  push(chunk: Uint8Array): Promise<void>;
  /** No chunk comes any more. */
  end(): void;
  /** Nobody reads any more: what is pushed is dropped. */
  close(): void;
  /** Can be read once. */
  readonly stream: AsyncIterable<Uint8Array>;
};

type Pushed = { readonly chunk: Uint8Array; readonly used: () => void };

export function createChunkPipe(): ChunkPipe {
  const waiting: Pushed[] = [];
  let current: Pushed | undefined;
  let state: 'open' | 'ended' | 'closed' = 'open';
  let wake = () => {};

  function close(): void {
    state = 'closed';
    for (const { used } of [...(current ? [current] : []), ...waiting.splice(0)]) used();
    wake();
  }

  const iterator: AsyncIterator<Uint8Array> = {
    async next() {
      current?.used();
      while (waiting.length === 0 && state === 'open') {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      current = waiting.shift();
      return current ? { done: false, value: current.chunk } : { done: true, value: undefined };
    },
    async return() {
      close();
      return { done: true, value: undefined };
    },
  };

  return {
    stream: { [Symbol.asyncIterator]: () => iterator },
    push: (chunk) =>
      new Promise((used) => {
        if (state === 'closed') return used();
        waiting.push({ chunk, used });
        wake();
      }),
    end() {
      if (state === 'open') state = 'ended';
      wake();
    },
    close,
  };
}
