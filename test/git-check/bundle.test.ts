import { execFileSync } from 'node:child_process';
import { createReadStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { takeBundle } from '../../src/git-check/bundle.ts';
import { checkCommits } from '../../src/git-check/check-commits.ts';
import { GitLimitError, makeGitRunner } from '../../src/git-check/git-runner.ts';
import { takePack } from '../../src/git-check/pack.ts';
import { checkRefs } from '../../src/git-check/ref-name.ts';
import { spawnProcess } from '../../src/host/process.ts';
import { makeObjects } from './object-store.ts';
import { BASE_FILES, makeBare, oneChunk, PATH, POLICY, PROGRAM } from './repository.ts';

const roots: string[] = [];
const removals: (() => void)[] = [];
afterEach(() => {
  for (const root of roots.splice(0)) rmSync(root, { recursive: true, force: true });
  for (const remove of removals.splice(0)) remove();
});

function bare() {
  const made = makeBare();
  removals.push(made.remove);
  return made;
}

/** A real clone with a commit on top, and the bundles that git itself makes of it. */
function makeClone() {
  const root = mkdtempSync(join(tmpdir(), 'git-check-clone-'));
  roots.push(root);
  const env = { PATH, HOME: root, GIT_CONFIG_NOSYSTEM: '1', EMAIL: 'a@b.test', USER: 'a' };
  const run = (...args: string[]) =>
    execFileSync(PROGRAM, args, { cwd: root, env }).toString().trim();
  const save = (path: string, text: string) => {
    writeFileSync(join(root, path), text);
    run('add', '.');
    run('-c', 'user.name=A', 'commit', '-q', '-m', path);
    return run('rev-parse', 'HEAD');
  };
  run('init', '-q', '-b', 'main');
  const bundle = (...args: string[]) => {
    run('bundle', 'create', '-q', 'x.bundle', ...args);
    return createReadStream(join(root, 'x.bundle'));
  };
  return { run, save, bundle, root };
}

const LIMITS = { maxBytes: 2 ** 20, maxRefs: 10 };

describe('a bundle that git made', () => {
  test('is taken on top of what is there, tags and all', async () => {
    const clone = makeClone();
    const { git } = bare();
    const base = clone.save('a', 'a\n');
    expect((await takeBundle(git, clone.bundle('main'), LIMITS)).findings).toEqual([]);
    const tip = clone.save('b', 'b\n');
    clone.run('-c', 'user.name=A', 'tag', '-m', 'One', 'v1');
    const taken = await takeBundle(git, clone.bundle(`${base}..main`, 'v1'), LIMITS);
    expect(taken.findings).toEqual([]);
    expect(taken.refs.map(({ name }) => name).sort()).toEqual(['refs/heads/main', 'refs/tags/v1']);
    const tips = taken.refs.map(({ id }) => id);
    expect(tips).toContain(tip);
    expect(await checkCommits(git, { base, tips, policy: POLICY })).toEqual([]);
  });

  test('is refused without what it builds on', async () => {
    const clone = makeClone();
    const base = clone.save('a', 'a\n');
    clone.save('b', 'b\n');
    const taken = await takeBundle(bare().git, clone.bundle(`${base}..main`), LIMITS);
    expect(taken.findings).toMatchObject([{ rule: 'fsck' }]);
  });

  test('is refused where it is too large or has too many refs', async () => {
    const clone = makeClone();
    clone.save('a', 'a\n');
    const small = { ...LIMITS, maxBytes: 100 };
    expect((await takeBundle(bare().git, clone.bundle('main'), small)).findings).toMatchObject([
      { rule: 'patch-size' },
    ]);
    clone.run('branch', 'other');
    const few = { ...LIMITS, maxRefs: 1 };
    expect((await takeBundle(bare().git, clone.bundle('--all'), few)).findings).toMatchObject([
      { rule: 'fsck', detail: expect.stringContaining('more than 1 refs') },
    ]);
  });
});

describe('what is known already is not looked at', () => {
  test('nor counted as part of the patch', async () => {
    const { git } = bare();
    const store = makeObjects();
    const old = store.commit({
      tree: store.files({ ...BASE_FILES, big: 'x\n'.repeat(2000) }),
      message: 'Old',
    });
    const files = { ...BASE_FILES, big: 'x\n'.repeat(2000), new: 'new\n' };
    const tip = store.commit({ tree: store.files(files), parents: [old] });
    await takePack(git, oneChunk(store.pack()), LIMITS);
    const policy = { ...POLICY, maxPatchBytes: 1000, maxFiles: 1 };
    const request = { base: '', tips: [tip], policy };
    expect(await checkCommits(git, { ...request, known: [old] })).toEqual([]);
    expect(await checkCommits(git, { ...request, known: [tip] })).toEqual([]);
    expect(await checkCommits(git, request)).toMatchObject([{ rule: 'file-count' }]);
  });
});

describe('a merge with what has become known beside it', () => {
  const DAY = '.github/workflows/ci.yml';

  /** The agent's branch begins at `first`; `later` is what else is known by then. */
  async function judgeMerge(first: Record<string, string>, later: Record<string, string>) {
    const { git } = bare();
    const store = makeObjects();
    const save = (files: Record<string, string>, parents: string[], message: string) =>
      store.commit({ tree: store.files(files), parents, message });
    const old = save({ a: 'a\n', [DAY]: 'old\n' }, [], 'Old');
    const from = save(first, [old], 'From');
    const beside = save(later, [old], 'Beside');
    const work = save({ ...first, b: 'b\n' }, [from], 'Work');
    const merge = (other: string, files: Record<string, string>) =>
      save({ ...files, b: 'b\n' }, [work, other], 'Merge');
    const tips = { forward: merge(beside, later), back: merge(old, { a: 'a\n', [DAY]: 'old\n' }) };
    await takePack(git, oneChunk(store.pack()), { maxBytes: 2 ** 24 });
    const known = [from, beside];
    const check = (tip: string) =>
      checkCommits(git, {
        base: '',
        tips: [tip],
        known,
        policy: { ...POLICY, maxPatchBytes: 5000 },
      });
    return { forward: await check(tips.forward), back: await check(tips.back) };
  }

  test('takes over what is protected and large, and cannot take anything back', async () => {
    const first = { a: 'a\n', [DAY]: 'mended\n' };
    const later = { a: 'a\n', [DAY]: 'newer\n', large: 'x\n'.repeat(10_000) };
    const { forward, back } = await judgeMerge(first, later);
    expect(forward).toEqual([]);
    expect(back).toMatchObject([{ rule: 'protected-path', path: DAY }]);
  });
});

describe('git itself', () => {
  const slow = (timeoutMs: number) => {
    const { directory } = bare();
    return makeGitRunner({
      ...{ spawn: spawnProcess, program: PROGRAM, directory, path: PATH, timeoutMs },
    });
  };

  async function* forever(signal?: AbortSignal): AsyncGenerator<Uint8Array> {
    const ended = new Promise<void>((resolve) =>
      signal?.addEventListener('abort', () => resolve()),
    );
    yield Buffer.from('x');
    await ended;
  }

  test('is ended when it takes too long', async () => {
    const args = ['cat-file', '--batch'];
    const stop = new AbortController();
    const input = forever(stop.signal);
    await expect(slow(200)(args, { input })).rejects.toBeInstanceOf(GitLimitError);
    stop.abort();
  });

  test('is ended when it says too much', async () => {
    const git = slow(20_000);
    await expect(git(['version'], { maxBytes: 3 })).rejects.toBeInstanceOf(GitLimitError);
  });

  test('is ended by the signal, with its reason', async () => {
    const stop = new AbortController();
    const input = forever(stop.signal);
    const running = slow(20_000)(['cat-file', '--batch'], { input, signal: stop.signal });
    stop.abort(new Error('enough'));
    await expect(running).rejects.toThrow('enough');
  });

  test('that takes too long over a check is a finding, and that it is aborted is not', async () => {
    const { git } = bare();
    const request = { base: '', tips: ['a'.repeat(40)], policy: POLICY };
    const late = async () => {
      throw new GitLimitError('git rev-list was not done after 60 s');
    };
    expect(await checkCommits(late, request)).toMatchObject([
      { rule: 'fsck', detail: 'git rev-list was not done after 60 s' },
    ]);
    const aborted: typeof git = (args, options = {}) =>
      git(args, { ...options, signal: AbortSignal.abort(new Error('enough')) });
    await expect(checkCommits(aborted, request)).rejects.toThrow('enough');
  });
});

describe('names of refs', () => {
  test.each([
    'refs/heads/main',
    'refs/heads/feature/a-b.c',
    'refs/tags/v1.0',
    'refs/notes/commits',
  ])('%s is fine', (ref) => {
    expect(checkRefs([ref])).toEqual([]);
  });

  test('a finding names the ref', () => {
    expect(checkRefs(['refs/heads/ok', 'refs/heads/-x'])).toMatchObject([
      { rule: 'ref-name', path: 'refs/heads/-x', action: 'block' },
    ]);
  });
});
