/**
 * Measures what the gate costs a push: beside the same push to a bare repository behind
 * `git http-backend` alone, over the same kind of relay. And what the checks of a large change take.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { checkCommits } from '../src/git-check/check-commits.ts';
import { makeGitRunner } from '../src/git-check/git-runner.ts';
import { DEFAULT_POLICY } from '../src/git-check/policy.ts';
import { spawnProcess } from '../src/host/process.ts';
import { importCommits, openScene, type Scene } from '../test/git-gate/scene.ts';
import { gitServer } from '../test/upstream/git-server.ts';
import { listen } from '../test/upstream/upstream.ts';
import { type BenchRow, compare, makeRow, median } from './row.ts';

const ROUNDS = 7;
const COMMITS = 1_000;
const LINES = 50_000;
const SCAN_GOAL_MS = 2_000;
const PUSHED = 'refs/heads/pushed';

/** Goals: a push at most 1.6 times that of the plain server; a change of 50,000 lines in 2 s. */
export async function benchGitGate(): Promise<BenchRow[]> {
  const scene = await openScene({ repository: { push: 'record', refs: ['refs/**'] } });
  try {
    const work = await scene.clone('work');
    importCommits(work, COMMITS);
    return [await benchPush(scene, work), await benchScan(scene)];
  } finally {
    await scene.close();
  }
}

/** Both servers stay up, and both repositories are as before the push in each round. */
async function benchPush(scene: Scene, work: string): Promise<BenchRow> {
  const root = join(scene.directory, 'plain');
  const repositories = {
    gate: join(scene.directory, 'gate', 'repository', 'site'),
    plain: join(root, 'site.git'),
  };
  cpSync(scene.bare, repositories.plain, { recursive: true });
  const server = createServer(gitServerAt(root));
  const port = await listen(server);
  const push = async (url: string, bare: string) => {
    const before = new Set(readdirSync(join(bare, 'objects', 'pack')));
    const began = performance.now();
    await scene.good(work, 'push', '--quiet', url, `main:${PUSHED}`);
    const time = performance.now() - began;
    execFileSync('git', ['-C', bare, 'update-ref', '-d', PUSHED]);
    const packs = readdirSync(join(bare, 'objects', 'pack')).filter((name) => !before.has(name));
    for (const name of packs) rmSync(join(bare, 'objects', 'pack', name));
    return time;
  };
  const names = {
    name: `a push of ${COMMITS} small commits through the gate`,
    against: 'to git http-backend alone',
  };
  try {
    return await compare(
      names,
      ROUNDS,
      () => push(scene.url, repositories.gate),
      () => push(`http://127.0.0.1:${port}/site.git`, repositories.plain),
    );
  } finally {
    server.close();
  }
}

function gitServerAt(root: string) {
  const respond = gitServer(root);
  return (...[request, response]: Parameters<NonNullable<Parameters<typeof createServer>[1]>>) =>
    respond(request, response, new Promise(() => {}));
}

async function benchScan({ bare, directory }: Scene): Promise<BenchRow> {
  const git = makeGitRunner({
    spawn: spawnProcess,
    program: '/usr/bin/git',
    directory: bare,
    path: process.env.PATH ?? '',
  });
  const tip = commitOfLines(bare, directory);
  const policy = { ...DEFAULT_POLICY, secrets: [{ name: 'OWN', value: 'a-secret-of-the-run' }] };
  const times: number[] = [];
  for (let round = 0; round <= ROUNDS; round++) {
    const began = performance.now();
    const findings = await checkCommits(git, { base: '', tips: [tip], known: [], policy });
    if (findings.length > 0) throw new Error(JSON.stringify(findings));
    if (round > 0) times.push(performance.now() - began);
  }
  return makeRow(
    { name: `the checks of ${LINES} lines`, against: 'the goal' },
    median(times),
    SCAN_GOAL_MS,
  );
}

/** Lines as they are in code: words, numbers, strings. */
function commitOfLines(bare: string, home: string): string {
  const env = { PATH: process.env.PATH ?? '', HOME: home, GIT_CONFIG_NOSYSTEM: '1' };
  const files = Array.from({ length: 100 }, (_, file) => {
    const lines = Array.from(
      { length: LINES / 100 },
      (_, line) =>
        `export const value${line} = compute(${file * line}, 'text ${line} of ${file}');\n`,
    ).join('');
    return `M 100644 inline src/file${file}.ts\ndata ${lines.length}\n${lines}\n`;
  });
  const who = 'committer A <a@example.test> 1700000000 +0000\n';
  const input = `commit refs/heads/lines\n${who}data 5\nlines\n${files.join('')}`;
  const git = (args: string[], options = {}) =>
    execFileSync('git', args, { cwd: bare, env, encoding: 'utf8', ...options }).trim();
  git(['fast-import', '--quiet'], { input });
  return git(['rev-parse', 'refs/heads/lines']);
}

if (import.meta.main) console.table(await benchGitGate());
