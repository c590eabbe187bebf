import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  readdirSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { evict } from '../../src/image/evict.ts';
import {
  addImage,
  exclusively,
  findImage,
  imagePath,
  inTemporary,
  openStore,
  readMeta,
  type Store,
} from '../../src/image/store.ts';
import { currentOwner, hasEnded } from '../../src/lock/owner.ts';
import { engineHost } from '../machine/engine-host.ts';
import { tarArchive } from '../pack/tar.ts';
import { writePack } from '../pack/writer.ts';
import { temporary } from './temporary.ts';

const folder = temporary();
const store = () => openStore(join(folder(), 'store'), engineHost());
const DAY_MS = 24 * 60 * 60 * 1000;
const GENEROUS = { maxBytes: 2 ** 40, maxAgeMs: DAY_MS };

/** Puts a pack whose content depends on `body` into the store; returns its digest. */
async function add(at: Store, body: string): Promise<string> {
  const layer = tarArchive([{ name: 'file', body }]);
  return await inTemporary(at, async (scratch) => {
    const { path, sha256 } = await writePack(join(scratch, 'x'), { layers: [layer] });
    await exclusively(at, sha256, () => addImage(at, sha256, path));
    return sha256;
  });
}

const find = (at: Store, sha256: string) => exclusively(at, sha256, () => findImage(at, sha256));

/** A process that has ended: its marks count for nothing. */
function endedOwner(at: Store): string {
  const child = execFileSync(process.execPath, ['-p', 'process.pid'], { encoding: 'utf8' }).trim();
  const [, start, boot, space] = at.me.split('-');
  return [child, start, boot, space].join('-');
}

/** Makes an image look as if it had last been used `ageMs` ago by a process that has ended. */
function abandon(at: Store, sha256: string, ageMs: number): void {
  const marks = join(at.root, sha256, 'use');
  for (const name of readdirSync(marks)) {
    execFileSync('mv', [join(marks, name), join(marks, endedOwner(at))]);
  }
  const then = (Date.now() - ageMs) / 1000;
  utimesSync(marks, then, then);
}

describe('the store', () => {
  test('gives back what was put in, read-only and marked as used', async () => {
    const at = await store();
    const sha256 = await add(at, 'a');
    expect(await find(at, sha256)).toBe('found');
    expect(statSync(imagePath(at, sha256)).mode & 0o777).toBe(0o444);
    expect(readdirSync(join(at.root, sha256, 'use'))).toEqual([at.me]);
    expect(await find(at, '0'.repeat(64))).toBe('absent');
    expect(readdirSync(join(at.root, '.temporary'))).toEqual([]);
  });

  test('hashes an image once, and again as soon as its file is another', async () => {
    const at = await store();
    const sha256 = await add(at, 'a');
    const path = imagePath(at, sha256);
    const { verified } = await readMeta(at, sha256);
    expect(verified).toMatchObject({ boot: at.boot, size: String(statSync(path).size) });
    const then = statSync(path).mtime;
    chmodSync(path, 0o644);
    const bytes = readFileSync(path);
    writeFileSync(path, bytes.fill(0, 100, 110));
    utimesSync(path, then, then); // the change time still tells
    expect(await find(at, sha256)).toBe('altered');
    expect(existsSync(path)).toBe(false);
  });

  test('believes a file that was only touched, after hashing it', async () => {
    const at = await store();
    const sha256 = await add(at, 'a');
    const { verified } = await readMeta(at, sha256);
    utimesSync(imagePath(at, sha256), 1, 1);
    expect(await find(at, sha256)).toBe('found');
    expect((await readMeta(at, sha256)).verified).not.toEqual(verified);
  });

  test.each(['{', '[]', '{"verified":null}'])('survives a damaged meta.json: %s', async (text) => {
    const at = await store();
    const sha256 = await add(at, 'a');
    writeFileSync(join(at.root, sha256, 'meta.json'), text);
    expect(await find(at, sha256)).toBe('found');
  });

  test('hashes again after a reboot', async () => {
    const at = await store();
    const sha256 = await add(at, 'a');
    const later = { ...at, boot: 'another' };
    expect(await find(later, sha256)).toBe('found');
    expect((await readMeta(at, sha256)).verified?.boot).toBe('another');
  });
});

describe('eviction', () => {
  test('takes the least recently used until the rest fits', async () => {
    const at = await store();
    const [old, older, fresh] = [await add(at, 'a'), await add(at, 'b'), await add(at, 'c')];
    abandon(at, old, 1000);
    abandon(at, older, 2000);
    abandon(at, fresh, 0);
    const { size } = statSync(imagePath(at, old));
    expect(await evict(at, { ...GENEROUS, maxBytes: size * 2.5 })).toEqual([older]);
    expect(await find(at, old)).toBe('found');
  });

  test('takes what was not used for too long', async () => {
    const at = await store();
    const [fresh, old] = [await add(at, 'a'), await add(at, 'b')];
    abandon(at, fresh, 0);
    abandon(at, old, 2 * DAY_MS);
    expect(await evict(at, GENEROUS)).toEqual([old]);
  });

  test('never takes what a living process uses', async () => {
    const at = await store();
    const sha256 = await add(at, 'a');
    utimesSync(join(at.root, sha256, 'use'), 1, 1);
    expect(await evict(at, { maxBytes: 0, maxAgeMs: 0 })).toEqual([]);
    expect(await find(at, sha256)).toBe('found');
  });

  test('never takes what is being worked on', async () => {
    const at = await store();
    const sha256 = await add(at, 'a');
    abandon(at, sha256, 2 * DAY_MS);
    await exclusively(at, sha256, async () => {
      expect(await evict(at, { maxBytes: 0, maxAgeMs: 0 })).toEqual([]);
    });
    expect(await evict(at, { maxBytes: 0, maxAgeMs: 0 })).toEqual([sha256]);
  });
});

describe('owners', () => {
  test('this process runs, an ended one does not, a reused process id does not pass', async () => {
    const host = engineHost();
    const me = await currentOwner(host);
    const [pid, start, boot, space] = me.split('-') as [string, string, string, string];
    expect(await hasEnded(host, me, me, 0)).toBe(false);
    expect(await hasEnded(host, [pid, 'another', boot, space].join('-'), me, 0)).toBe(true);
    expect(await hasEnded(host, [pid, start, 'another', space].join('-'), me, 0)).toBe(true);
    expect(await hasEnded(host, '', me, 0)).toBe(true);
    expect(await hasEnded(host, 'layer', me, 0)).toBe(true);
  });

  test('one in another container counts for an hour', async () => {
    const host = engineHost();
    const me = await currentOwner(host);
    const [, start, boot] = me.split('-');
    const other = ['999999', start, boot, 'elsewhere'].join('-');
    expect(await hasEnded(host, other, me, 59 * 60_000)).toBe(false);
    expect(await hasEnded(host, other, me, 61 * 60_000)).toBe(true);
  });
});
