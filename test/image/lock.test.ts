import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as tick } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { type Locker, tryLock, withLock } from '../../src/image/lock.ts';
import { currentOwner } from '../../src/image/owner.ts';
import { engineHost } from '../machine/engine-host.ts';
import { temporary } from './temporary.ts';

const folder = temporary();

/** The lock's directory, as a process that was killed left it at generation 3. */
async function abandonedLock() {
  const host = engineHost();
  const me = await currentOwner(host);
  const [pid, , boot, space] = me.split('-');
  const path = join(folder(), 'lock');
  mkdirSync(path);
  writeFileSync(join(path, '3'), [pid, 'earlier', boot, space].join('-'));
  const locker: Locker = { host, me };
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
  await Promise.all(Array.from({ length: 20 }, () => withLock(path, locker, work)));
  expect({ most, done }).toEqual({ most: 1, done: 20 });
  expect(readdirSync(path)).toHaveLength(1);
  expect(readFileSync(join(path, readdirSync(path)[0] ?? ''), 'utf8')).toBe('');
});

test('who wakes late with an old view does not get in beside the owner', async () => {
  const { path, locker } = await abandonedLock();
  const looked = Promise.withResolvers<void>();
  const awake = Promise.withResolvers<void>();
  // It asks ps whether the dead owner lives, and sleeps over the answer.
  const sleepy = engineHost({
    platform: 'darwin',
    run: async () => {
      looked.resolve();
      await awake.promise;
      return { exitCode: 1, stdout: '', stderr: '' };
    },
  });
  const events: string[] = [];
  const late = withLock(path, { ...locker, host: sleepy }, async () => {
    events.push('late');
  });
  await looked.promise;
  await withLock(path, locker, async () => {});
  const held = Promise.withResolvers<void>();
  const owner = withLock(path, locker, async () => {
    awake.resolve();
    await held.promise;
    events.push('owner');
  });
  await awake.promise;
  for (let ticks = 0; ticks < 200; ticks++) await tick();
  held.resolve();
  await Promise.all([owner, late]);
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
  const waiter: Locker = { ...locker, host: engineHost({ cancelled: controller.signal }) };
  await withLock(path, locker, async () => {
    const waiting = withLock(path, waiter, async () => {});
    controller.abort(new Error('cancelled'));
    await expect(waiting).rejects.toThrow();
  });
});
