/**
 * The pipe between a guest's output and its reader holds the guest back and never blocks it for
 * good.
 */
import { expect, test } from 'vitest';
import { createChunkPipe } from '../../src/outputs/chunk-pipe.ts';

const chunk = (text: string) => Buffer.from(text);

/** Whether a promise has settled once all that can go on now has gone on. */
async function hasSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  promise.then(() => {
    settled = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  return settled;
}

test('a pushed chunk settles when the reader asks for the next one', async () => {
  const pipe = createChunkPipe();
  const reader = pipe.stream[Symbol.asyncIterator]();
  const [first, second] = [pipe.push(chunk('a')), pipe.push(chunk('b'))];
  expect(await reader.next()).toEqual({ done: false, value: chunk('a') });
  expect(await hasSettled(first)).toBe(false);
  expect(await reader.next()).toEqual({ done: false, value: chunk('b') });
  expect(await hasSettled(first)).toBe(true);
  expect(await hasSettled(second)).toBe(false);
});

test('what was pushed before the end is read, then the stream is over', async () => {
  const pipe = createChunkPipe();
  const read: string[] = [];
  const reading = (async () => {
    for await (const part of pipe.stream) read.push(Buffer.from(part).toString());
  })();
  await pipe.push(chunk('a'));
  pipe.push(chunk('b'));
  pipe.end();
  await reading;
  expect(read).toEqual(['a', 'b']);
});

test.each(['breaks off', 'closes'])('a reader that %s lets all pushers go', async (how) => {
  const pipe = createChunkPipe();
  const pushed = [pipe.push(chunk('a')), pipe.push(chunk('b'))];
  if (how === 'closes') pipe.close();
  else for await (const _ of pipe.stream) break;
  await Promise.all([...pushed, pipe.push(chunk('c'))]);
  pipe.end();
});
