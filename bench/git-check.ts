/** Measures the checks of a change beside git's own diff of the same change. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkCommits } from '../src/git-check/check-commits.ts';
import { makeGitRunner } from '../src/git-check/git-runner.ts';
import { DEFAULT_POLICY } from '../src/git-check/policy.ts';
import { spawnProcess } from '../src/host/process.ts';
import { type BenchRow, compare } from './row.ts';

const ROUNDS = 5;
const SECRETS = 10;
const AUTHOR = 'committer Some Body <some@body.test> 1700000000 +0000\n';

/** Goal: at most 2 s for 50,000 lines. */
export async function benchGitCheck(): Promise<BenchRow[]> {
  return [
    await measure('50,000 new lines in 500 files, ms', oneCommit(500, 100)),
    await measure('50,000 new lines in one file, ms', oneCommit(1, 50_000)),
    await measure('1,000 commits of one small file, ms', manyCommits(1000)),
  ];
}

async function measure(name: string, stream: string): Promise<BenchRow> {
  const directory = mkdtempSync(join(tmpdir(), 'bench-git-check-'));
  const run = (args: readonly string[], input = '') =>
    execFileSync('git', args, { cwd: directory, input }).toString().trim();
  try {
    run(['init', '-q', '--bare']);
    run(['fast-import', '--quiet'], stream);
    const [base, tip] = [run(['rev-parse', 'base']), run(['rev-parse', 'tip'])];
    const program = execFileSync('which', ['git']).toString().trim();
    const path = process.env.PATH ?? '';
    const git = makeGitRunner({ spawn: spawnProcess, program, directory, path });
    const secrets = Array.from({ length: SECRETS }, (_, index) => ({
      name: `S${index}`,
      value: `not-a-secret-${index}-${'x1Y2z3'.repeat(4)}${index}`,
    }));
    const ours = async () => {
      const before = performance.now();
      const policy = { ...DEFAULT_POLICY, secrets };
      const findings = await checkCommits(git, { base, tips: [tip], policy });
      if (findings.length > 0) throw new Error(`found ${findings[0]?.detail}`);
      return performance.now() - before;
    };
    const reference = async () => {
      const before = performance.now();
      const command = `git log -p ${base}..${tip} | cat > /dev/null`;
      await once(spawn('sh', ['-c', command], { cwd: directory }), 'exit');
      return performance.now() - before;
    };
    return await compare({ name, against: 'git log -p | cat' }, ROUNDS, ours, reference);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

const line = (index: number) =>
  `  const value${index} = read("name-${index * 7919}"); // why not\n`;

function oneCommit(files: number, lines: number): string {
  const text = (file: number) =>
    Array.from({ length: lines }, (_, index) => line(file * lines + index)).join('');
  const changes = Array.from({ length: files }, (_, file) => inline(`src/f${file}.ts`, text(file)));
  return base() + commit('tip', ['refs/heads/base'], changes);
}

function manyCommits(count: number): string {
  const commits = Array.from({ length: count }, (_, index) =>
    commit('tip', index === 0 ? ['refs/heads/base'] : [], [
      inline(`src/f${index}.ts`, line(index)),
    ]),
  );
  return base() + commits.join('');
}

const base = () => commit('base', [], [inline('README.md', 'Hello\n')]);

function commit(branch: string, from: readonly string[], changes: readonly string[]): string {
  const parents = from.map((ref) => `from ${ref}\n`).join('');
  return `commit refs/heads/${branch}\n${AUTHOR}data 6\nChange\n${parents}${changes.join('')}\n`;
}

const inline = (path: string, content: string) =>
  `M 100644 inline ${path}\ndata ${Buffer.byteLength(content)}\n${content}\n`;

if (import.meta.main) console.table(await benchGitCheck());
