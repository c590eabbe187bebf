/** A change becomes a branch: byte for byte what was checked, and nobody's branch but our own. */
import { writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { makeScene, type Scene } from './scene.ts';

const BRANCH = 'bottle/demo-12345';

async function change(scene?: Scene): Promise<Scene> {
  const made = scene ?? (await makeScene());
  made.write('src/main.c', 'int main() { return 0; }\n');
  made.commit('Return something');
  return made;
}

describe('through the API', () => {
  test('the tree of every kind of file is that of the proposal', async () => {
    const scene = await makeScene();
    scene.write('run.sh', '#!/bin/sh\n', 0o755);
    scene.write('readme.md', 'hello\n', 0o755);
    scene.write('binary', Buffer.from([0, 255, 254, 10, 13]));
    scene.write('latin.txt', Buffer.from([0xe4, 0xf6, 0x0a]));
    scene.write('bom.txt', '\ufeffwith a mark\r\n');
    scene.write('empty', '');
    scene.write('no newline', 'x');
    scene.write('odd "name"\twith\\and\nline 😀', 'odd\n');
    scene.write('deep/er/and/deeper/file', 'deep\n');
    scene.link('link', 'src/main.c');
    scene.remove('old');
    scene.git('config', 'core.autocrlf', 'false');
    const tip = scene.commit('All kinds');
    const written = await scene.run();
    expect(written).toMatchObject({ state: 'written', by: 'api', branch: BRANCH, notices: [] });
    expect(scene.remote('rev-parse', `${BRANCH}^{tree}`)).toBe(
      scene.git('rev-parse', `${tip}^{tree}`),
    );
    expect(scene.remote('rev-parse', `${BRANCH}^`)).toBe(scene.base);
    expect(scene.remote('ls-tree', BRANCH, 'link', 'run.sh')).toMatch(/^120000[\s\S]*100755/);
    expect(scene.github.unexpected).toEqual([]);
  });

  test('each commit is one, with its message and our trailers, by whom the token is', async () => {
    const scene = await change();
    scene.remove('old');
    scene.commit('Remove what is old\n\nNobody needs it.');
    const { commit } = await scene.run();
    expect(scene.remote('rev-parse', BRANCH)).toBe(commit);
    const log = scene.remote('log', '--reverse', '--format=%an|%B', `${scene.base}..${BRANCH}`);
    const trailers =
      'Bottle-Run: demo-12345\nBottle-Branch: bottle/demo-12345, octo-org/octo-repo/.github/workflows/agent.yml';
    expect(log.replace(/\n+/g, '\n')).toBe(
      [
        `github-actions[bot]|Return something\n${trailers}`,
        `github-actions[bot]|Remove what is old\nNobody needs it.\n${trailers}`,
      ].join('\n'),
    );
    for (const back of ['', '^']) {
      expect(scene.remote('rev-parse', `${BRANCH}${back}^{tree}`)).toBe(
        scene.git('rev-parse', `HEAD${back}^{tree}`),
      );
    }
  });

  test('a merge keeps its parents', async () => {
    const scene = await makeScene();
    scene.git('checkout', '-qb', 'side');
    scene.write('side.txt', 'side\n');
    scene.commit('Side');
    scene.git('checkout', '-q', 'main');
    await change(scene);
    scene.git('merge', '-q', '--no-ff', '-m', 'Merge side', 'side');
    await scene.run();
    const parents = scene.remote('rev-list', '--parents', '-1', BRANCH).split(' ').slice(1);
    expect(parents.length).toBe(2);
    expect(scene.remote('log', '-1', '--format=%s', parents[1] ?? '')).toBe('Side');
    expect(scene.remote('rev-parse', `${BRANCH}^{tree}`)).toBe(
      scene.git('rev-parse', 'HEAD^{tree}'),
    );
  });

  test('the base may have moved on', async () => {
    const scene = await change();
    const { bare } = scene.github.state;
    const moved = bare.writeCommit(bare.git('rev-parse', 'main^{tree}'), [scene.base], 'More', 'a');
    bare.git('update-ref', 'refs/heads/main', moved);
    expect(await scene.run()).toMatchObject({
      state: 'written',
      pullRequest: { state: 'created' },
    });
  });
});

describe('by git', () => {
  test.each<[string, (scene: Scene) => void, RegExp]>([
    [
      'many commits',
      (s) => {
        for (const n of range(26)) save(s, `f${n}`);
      },
      /more than 25 commits/,
    ],
    [
      'many binary files',
      (s) => {
        for (const n of range(61)) s.write(`b${n}`, Buffer.from([0, n]));
        s.commit('Binary');
      },
      /more than 60 files are no text/,
    ],
    [
      'much',
      (s) => {
        s.write('much', Buffer.alloc(21 << 20, 'much\n'));
        s.commit('Much');
      },
      /more than 20 MiB/,
    ],
    [
      'a name that is no UTF-8',
      (s) => {
        const root = Buffer.from(`${s.git('rev-parse', '--show-toplevel')}/latin-`);
        writeFileSync(Buffer.concat([root, Buffer.from([0xe4])]), 'latin\n');
        s.commit('Latin');
      },
      /no UTF-8/,
    ],
    [
      'a file in the place of a directory',
      (s) => {
        s.remove('old');
        s.write('old', 'a file\n');
        s.commit('Old');
      },
      /where a directory stood/,
    ],
  ])('goes %s', async (_, make, notice) => {
    const scene = await makeScene();
    make(scene);
    const written = await scene.run();
    expect(written).toMatchObject({ state: 'written', by: 'git-push' });
    expect(written.notices.join()).toMatch(notice);
    expect(scene.remote('rev-parse', `${BRANCH}^{tree}`)).toBe(
      scene.git('rev-parse', 'HEAD^{tree}'),
    );
    expect(scene.remote('log', '-1', '--format=%an %b', BRANCH)).toMatch(
      /^github-actions\[bot\] Bottle-Run/,
    );
    expect(scene.github.state.pulls.length).toBe(1);
  });

  test('goes what comes from a shallow checkout', async () => {
    const scene = await makeScene();
    const { bare } = scene.github.state;
    const tree = bare.git('rev-parse', 'main^{tree}');
    const later = bare.writeCommit(tree, [scene.base], 'Later', 'ada');
    bare.git('update-ref', 'refs/heads/main', later);
    scene.git('fetch', '-q', '--depth=1', `file://${bare.directory}`, 'main');
    scene.reset('FETCH_HEAD');
    expect(scene.git('rev-parse', '--is-shallow-repository')).toBe('true');
    for (const n of range(26)) save(scene, `f${n}`);
    const { change } = scene.request();
    const written = await scene.run({}, { change: { ...change, base: later } });
    expect(written).toMatchObject({ state: 'written', by: 'git-push' });
    expect(scene.remote('rev-list', '--count', BRANCH)).toBe('28');
  });

  test('goes what the API makes another tree of, or does not take', async () => {
    for (const given of [
      { status: 201, body: { sha: '1'.repeat(40) } },
      { status: 422, body: { message: 'tree.path contains a malformed path component' } },
    ]) {
      const scene = await change();
      scene.github.fault({ at: /POST \/git\/trees/, with: given });
      expect(await scene.run()).toMatchObject({ state: 'written', by: 'git-push' });
      expect(scene.remote('rev-parse', `${BRANCH}^{tree}`)).toBe(
        scene.git('rev-parse', 'HEAD^{tree}'),
      );
    }
  });

  test('the token is in no argument', async () => {
    const scene = await makeScene();
    for (const n of range(26)) save(scene, `f${n}`);
    await scene.run();
    expect(scene.started.some(({ argv }) => argv.includes('push'))).toBe(true);
    const basic = Buffer.from('x-access-token:ghs_0123456789abcdefghijklmnopqrstuvwxyz').toString(
      'base64',
    );
    for (const { argv } of scene.started) {
      expect(argv.join(' ')).not.toMatch(/ghs_0123/);
      expect(argv.join(' ')).not.toContain(basic);
    }
    expect(JSON.stringify(scene.started.map(({ env }) => env))).toContain(basic);
  });
});

describe('a branch that is there', () => {
  test('and ours is moved forward when the change follows it', async () => {
    const scene = await change();
    await scene.run();
    scene.git('fetch', '-q', scene.github.state.bare.directory, BRANCH);
    scene.reset('FETCH_HEAD');
    scene.write('more.txt', 'more\n');
    scene.commit('More');
    const written = await scene.run();
    expect(written).toMatchObject({
      state: 'written',
      by: 'api',
      pullRequest: { state: 'updated' },
    });
    expect(scene.remote('rev-list', '--count', `${scene.base}..${BRANCH}`)).toBe('2');
    expect(scene.github.state.pulls.length).toBe(1);
  });

  test('and ours is replaced, with a lease, when all that it would lose is ours', async () => {
    const scene = await change();
    const first = await scene.run();
    scene.reset(scene.base);
    scene.write('other.txt', 'other\n');
    scene.commit('Something else');
    const written = await scene.run();
    expect(written).toMatchObject({ state: 'written', by: 'git-push' });
    expect(scene.remote('rev-list', '--count', `${scene.base}..${BRANCH}`)).toBe('1');
    const push = scene.started.find(({ argv }) => argv.includes('push'));
    expect(push?.argv).toContain(`--force-with-lease=refs/heads/${BRANCH}:${first.commit}`);
  });

  test('and has the change already is left alone', async () => {
    const scene = await change();
    const first = await scene.run();
    const before = scene.github.asked.length;
    expect(await scene.run()).toMatchObject({ state: 'unchanged', commit: first.commit, by: '' });
    expect(
      scene.github.asked.slice(before).filter((call) => /POST|PATCH \/git/.test(call)),
    ).toEqual([]);
  });

  test.each<[string, (scene: Scene) => void, RegExp]>([
    ['somebody else made', (s) => foreign(s, s.base), /is not of this workflow/],
    [
      'somebody else made and the change follows',
      (s) => s.remote('branch', BRANCH, 'main'),
      /its last commit, [0-9a-f]{40}, is not of this workflow/,
    ],
    [
      'another workflow made',
      (s) => foreign(s, s.base, 'x\n\nBottle-Branch: bottle/demo-12345, octo-org/other/a.yml'),
      /is not of this workflow/,
    ],
    [
      'names ours in the middle of its message',
      (s) => foreign(s, s.base, `${OURS}\n\nand more`),
      /is not of this workflow/,
    ],
    [
      'has a commit of somebody below ours',
      (s) => foreign(s, foreign(s, s.base, 'a fix'), `x\n\n${OURS}`),
      /would lose its commit [0-9a-f]{40}, which is not of this workflow/,
    ],
  ])('and that %s is never touched', async (_, make, reason) => {
    const scene = await change();
    make(scene);
    const before = scene.remote('rev-parse', BRANCH);
    const written = await scene.run();
    expect(written).toMatchObject({
      state: 'failed',
      branch: '',
      error: { outcome: 'push-failed' },
    });
    expect(written.error?.where).toMatch(reason);
    expect(scene.remote('rev-parse', BRANCH)).toBe(before);
    expect(scene.github.asked.filter((call) => !call.startsWith('GET'))).toEqual([]);
  });

  test('by the time of the write is not overwritten', async () => {
    for (const commits of [1, 26]) {
      const scene = await makeScene();
      for (const n of range(commits)) save(scene, `f${n}`);
      const at = commits === 1 ? 'POST /git/refs' : /POST .*receive-pack/;
      scene.github.onAsked((call) => {
        const isTime = typeof at === 'string' ? call === at : at.test(call);
        if (isTime && scene.github.state.bare.headOf(BRANCH) === '') foreign(scene, scene.base);
      });
      const written = await scene.run();
      expect(written.error?.message).toMatch(/[Ss]omebody else has written to/);
      expect(scene.remote('log', '-1', '--format=%s', BRANCH)).toBe('mine');
    }
  });
});

test.each<[string, (scene: Scene) => void, object, RegExp]>([
  ['the default branch', () => {}, { branch: 'main' }, /not before/],
  [
    'the branch that it goes into',
    (s) => s.remote('branch', 'next', 'main'),
    { branch: 'next', base: 'next' },
    /not before/,
  ],
  [
    'a protected branch',
    (s) => {
      foreign(s, s.base, `x\n\n${OURS}`);
      s.github.state.protectedBranches.add(BRANCH);
    },
    {},
    /protected/,
  ],
])('%s is refused', async (_, make, push, reason) => {
  const scene = await change();
  make(scene);
  const { error } = await scene.run(push);
  expect(error?.where).toMatch(reason);
  expect(scene.github.asked.filter((call) => !call.startsWith('GET'))).toEqual([]);
});

test('a commit that only the runner has is not written along', async () => {
  const scene = await makeScene();
  scene.write('local.txt', 'a step of the workflow\n');
  const base = scene.commit('Local');
  await change(scene);
  const request = scene.request();
  const { error } = await scene.run({}, { change: { ...request.change, base } });
  expect(error?.what).toMatch(/GitHub does not have/);
});

test.each([
  ['blocked', 'pull-request', /blocked/],
  ['blocked', 'branch', /blocked/],
  ['review', 'branch', /needs a review/],
] as const)('a change that is %s is not written as %s', async (verdict, mode, what) => {
  const scene = await change();
  const { change: clean } = scene.request();
  const { error } = await scene.run({ mode }, { change: { ...clean, verdict } });
  expect(error?.what).toMatch(what);
  expect(scene.github.asked).toEqual([]);
});

const OURS = 'Bottle-Branch: bottle/demo-12345, octo-org/octo-repo/.github/workflows/agent.yml';

/** A commit on the branch, not of ours unless the message says so; its id. */
function foreign({ github }: Scene, parent: string, message = 'mine'): string {
  const { bare } = github.state;
  const commit = bare.writeCommit(bare.git('rev-parse', 'main^{tree}'), [parent], message, 'ada');
  bare.git('update-ref', `refs/heads/${BRANCH}`, commit);
  return commit;
}

function save(scene: Scene, path: string): void {
  scene.write(path, `${path}\n`);
  scene.commit(path);
}

const range = (count: number) => [...Array(count).keys()];
