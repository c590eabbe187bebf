/** Talks to one long-lived `git cat-file`: any number of objects for the price of one process. */
import type { RunningProcess } from '../host/host.ts';
import { type Git, type GitOptions, gitFailed } from './git.ts';

export type CatFile = {
  /** Writes all lines at once; `answer` is called for each line, in order. */
  ask<T>(lines: readonly string[], answer: (reader: AnswerReader) => Promise<T>): Promise<T[]>;
  close(): Promise<void>;
};

export type AnswerReader = {
  /** Without its end; at most a path long. */
  line(): Promise<string>;
  bytes(count: number): Promise<Buffer>;
};

export async function openCatFile(
  git: Git,
  args: readonly string[],
  options: GitOptions,
): Promise<CatFile> {
  const requests = openQueue();
  const answers = openAnswers();
  const child: RunningProcess = await git.start(['cat-file', ...args], {
    ...options,
    stdin: requests.lines(),
    onStdout: answers.push,
  });
  const exit = child.exit.finally(answers.end);
  exit.catch(() => {});
  let turn: Promise<unknown> = Promise.resolve();
  return {
    ask: (lines, answer) => {
      const mine = turn.then(async () => {
        requests.push(lines);
        const results = [];
        for (const _ of lines) results.push(await answer(answers));
        return results;
      });
      turn = mine.catch(() => {});
      return mine;
    },
    close: async () => {
      requests.close();
      child.kill();
      await exit.catch(() => {});
    },
  };
}

function openQueue() {
  const waiting: string[] = [];
  let closed = false;
  let wake = () => {};
  return {
    push: (lines: readonly string[]) => {
      if (lines.length > 0) waiting.push(`${lines.join('\n')}\n`);
      wake();
    },
    close: () => {
      closed = true;
      wake();
    },
    lines: async function* (): AsyncGenerator<Uint8Array> {
      while (!closed) {
        const next = waiting.shift();
        if (next !== undefined) yield Buffer.from(next);
        else await new Promise<void>((resolve) => (wake = resolve));
      }
    },
  };
}

function openAnswers(): AnswerReader & { push(chunk: Uint8Array): void; end(): void } {
  const chunks: Buffer[] = [];
  let ended = false;
  let wake = () => {};

  async function more(): Promise<void> {
    if (ended) throw gitFailed('git ended before it answered', 'git cat-file', '');
    await new Promise<void>((resolve) => (wake = resolve));
  }
  function take(count: number): Buffer {
    const all = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks);
    chunks.length = 0;
    if (all.length > count) chunks.push(all.subarray(count));
    return all.subarray(0, count);
  }

  return {
    push: (chunk) => {
      chunks.push(Buffer.from(chunk));
      wake();
    },
    end: () => {
      ended = true;
      wake();
    },
    line: async () => {
      let before = 0;
      for (let index = 0; ; index += 1) {
        while (index >= chunks.length) await more();
        const chunk = chunks[index] as Buffer;
        const at = chunk.indexOf(10);
        if (at >= 0)
          return take(before + at + 1)
            .toString()
            .slice(0, -1);
        before += chunk.length;
      }
    },
    bytes: async (count) => {
      let held = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
      while (held < count) {
        const before = chunks.length;
        await more();
        for (const chunk of chunks.slice(before)) held += chunk.length;
      }
      return take(count);
    },
  };
}
