/** Measures how a checkout gets into a bottle, beside `git clone --no-local` of the same. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HostPath } from '../src/host/host.ts';
import { provision } from '../src/provision/provision.ts';
import { makePlan } from '../test/provision/plan.ts';
import { openBottle } from './bottle.ts';
import { makeClone } from './checkout.ts';
import { type BenchRow, compare } from './row.ts';

const SIZES = [
  { files: 5000, rounds: 7 },
  { files: 50_000, rounds: 3 },
];

/** Needs git and bwrap. Goal: a ratio of at most 1.5 each. */
export async function benchWorkspace(): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const { files, rounds } of SIZES) {
    const root = realpathSync(mkdtempSync(join(tmpdir(), 'bench-workspace-')));
    try {
      rows.push(await measure(root, files, rounds));
    } finally {
      rmSync(root, { recursive: true, force: true });
    }
  }
  return rows;
}

async function measure(root: HostPath, files: number, rounds: number): Promise<BenchRow> {
  const workspace = makeClone(root, files);
  const scratch = join(root, 'scratch');
  mkdirSync(scratch);
  const { host, machine, user, close } = await openBottle(root);
  try {
    const plan = makePlan(workspace, user.home);
    const copy = join(root, 'copy');
    const timed = async (work: () => unknown): Promise<number> => {
      rmSync(copy, { recursive: true, force: true });
      await machine.exec(['sh', '-c', 'rm -rf ~/workspace']);
      // What is still to be written of the round before must not be counted.
      execFileSync('sync');
      const started = performance.now();
      await work();
      return performance.now() - started;
    };
    const ours = () => timed(() => provision(host, machine, plan, { scratch, certificate: '' }));
    const clone = ['clone', '--quiet', '--no-local', workspace, copy];
    const reference = () => timed(() => execFileSync('git', clone));
    const names = { name: `workspace of ${files} files`, against: 'git clone --no-local' };
    return await compare(names, rounds, ours, reference);
  } finally {
    await close();
  }
}

if (import.meta.main) console.table(await benchWorkspace());
