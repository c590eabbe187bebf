import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as tick } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { type Locker, tryLock, withLock } from '../../src/lock/lock.ts';
import { currentOwner } from '../../src/lock/owner.ts';
import { temporary } from '../image/temporary.ts';
import { engineHost } from '../machine/engine-host.ts';

const folder = temporary();

/** A host that asks `ps` when a process started: this one runs, every other has ended. */
const psHost = (ask: () => Promise<void> = async () => {}) =>
  engineHost({
    platform: 'darwin',
    run: async ([program, ...args]) => {
      if (program === 'ps') await ask();
      const stdout = program !== 'ps' || args.at(-1) === String(process.pid) ? 'known' : '';
      return { exitCode: 0, stdout, stderr: '' };
    },
  });

/** The lock's directory, as a process that was killed left it at generation 3. */
async function abandonedLock() {
  const host = psHost();
  const me = await currentOwner(host);
  const [, start, boot, space] = me.split('-');
  const path = join(folder(), 'lock');
  mkdirSync(path);
  writeFileSync(join(path, '3'), ['999999999', start, boot, space].join('-'));
  const locker: Locker = { host, me, what: 'lock' };
  return { path, locker };
}

test('of many that wait for a dead owner’s lock, one at a time holds it', async () => {
  const { path, locker } = await abandonedLock();
  let inside = 0;
  let most = 0;
  let done = 0;
  const work = async () => {
    most = Math.max(most, ++inside);
    await tick();
    await tick();
    inside -= 1;
    done += 1;
  };
  await Promise.all(Array.from({ length: 8 }, () => withLock(path, locker, work)));
  expect({ most, done }).toEqual({ most: 1, done: 8 });
  expect(readdirSync(path)).toHaveLength(1);
  expect(readFileSync(join(path, readdirSync(path)[0] ?? ''), 'utf8')).toBe('');
});

test('who wakes late with an old view does not get in beside the owner', async () => {
  const { path, locker } = await abandonedLock();
  const looked = Promise.withResolvers<void>();
  const awake = Promise.withResolvers<void>();
  const decided = Promise.withResolvers<void>();
  // It sleeps over the first answer; a second question means that it has stepped back.
  const sleepy = psHost(async () => {
    if (questions++ > 0) decided.resolve();
    looked.resolve();
    await awake.promise;
  });
  let questions = 0;
  const events: string[] = [];
  const late = withLock(path, { ...locker, host: sleepy }, async () => {
    events.push('late');
    decided.resolve();
  });
  await looked.promise;
  await withLock(path, locker, async () => {});
  await withLock(path, locker, async () => {
    awake.resolve();
    await decided.promise;
    events.push('owner');
  });
  await late;
  expect(events).toEqual(['owner', 'late']);
});

test('an error in the work gives the lock back', async () => {
  const { path, locker } = await abandonedLock();
  await expect(withLock(path, locker, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(await tryLock(path, locker, async () => {})).toBe(true);
});

test('a lock that is held is not waited for by tryLock', async () => {
  const { path, locker } = await abandonedLock();
  await withLock(path, locker, async () => {
    expect(await tryLock(path, locker, () => Promise.reject(new Error('ran')))).toBe(false);
  });
});

test('a cancelled job stops to wait', async () => {
  const { path, locker } = await abandonedLock();
  const controller = new AbortController();
  const waiter: Locker = { ...locker, host: { ...psHost(), cancelled: controller.signal } };
  await withLock(path, locker, async () => {
    const waiting = withLock(path, waiter, async () => {});
    controller.abort(new Error('cancelled'));
    await expect(waiting).rejects.toThrow();
  });
});
