/** Parts of the bench as processes of their own, so that each has its own core where there are enough. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** Asks the child for one piece of work; its answer is what the piece returned. */
export type Child = {
  readonly pid: number;
  call<T>(work: string, options: object): Promise<T>;
  stop(): Promise<void>;
};

type Call = { readonly work: string; readonly options: object };
type Answer = { readonly value: unknown; readonly error?: string };
export type Work = Readonly<Record<string, (options: never) => unknown>>;

/** `file`: a module of this directory that calls `work`. */
export function startChild(file: string): Child {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)));
  return {
    pid: child.pid ?? -1,
    call: async <T>(work: string, options: object) => {
      child.send({ work, options } satisfies Call);
      const { value, error } = await nextAnswer(child, `${file} ${work}`);
      if (error !== undefined) throw new Error(`${file} ${work}: ${error}`);
      return value as T;
    },
    stop: async () => {
      child.disconnect();
      if (child.exitCode === null) await once(child, 'exit');
    },
  };
}

async function nextAnswer(child: ChildProcess, what: string): Promise<Answer> {
  const stopped = new AbortController();
  const died = once(child, 'exit', stopped).then(([code]) => {
    throw new Error(`${what}: the process ended with ${code}`);
  });
  const [answer] = await Promise.race([once(child, 'message', stopped), died]);
  stopped.abort();
  died.catch(() => {});
  return answer as Answer;
}

/** In the child: does what it is asked for, until its parent lets go of it. */
export function serveWork(works: Work): void {
  process.on('message', async ({ work, options }: Call) => {
    const send = (answer: Answer) => process.send?.(answer);
    try {
      send({ value: await works[work]?.(options as never) });
    } catch (error) {
      send({ value: undefined, error: String(error) });
    }
  });
  process.on('disconnect', () => process.exit());
}
