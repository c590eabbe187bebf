/** Measures provisioning into bubblewrap, beside `tar c | tar x` of the same files. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HostPath } from '../src/host/host.ts';
import { provision } from '../src/provision/provision.ts';
import { makePlan } from '../test/provision/plan.ts';
import { openBottle } from './bottle.ts';
import { makeClone, sourceText } from './checkout.ts';
import { type BenchRow, compare } from './row.ts';

const FILES = 5000;
const SKILLS = 50;
const ROUNDS = 9;

/** Needs git, tar and bwrap. Goal: a ratio of at most 1.5. */
export async function benchProvision(): Promise<BenchRow[]> {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'bench-provision-')));
  const bottle = await openBottle(root);
  const { host, machine, user } = bottle;
  const skills = makeSkills(join(root, 'skills'));
  const workspace = makeClone(root, FILES);
  try {
    const plan = makePlan(workspace, user.home, {
      skills: { list: skills, to: '/home/agent/.claude/skills' },
    });
    const timed = async (work: () => unknown): Promise<number> => {
      rmSync(join(root, 'copy'), { recursive: true, force: true });
      await machine.exec(['sh', '-c', 'rm -rf ~/workspace ~/.claude']);
      // What is still to be written of the round before must not be counted.
      execFileSync('sync');
      const started = performance.now();
      await work();
      return performance.now() - started;
    };
    const names = { name: `provision ${FILES} files, ${SKILLS} skills`, against: 'tar c | tar x' };
    const ours = () =>
      timed(() => provision(host, machine, plan, { scratch: root, certificate: '' }));
    const reference = () => timed(() => copyByTar(root, workspace));
    return [await compare(names, ROUNDS, ours, reference)];
  } finally {
    await bottle.close();
    rmSync(root, { recursive: true, force: true });
  }
}

function copyByTar(root: HostPath, workspace: HostPath): void {
  const script = `mkdir "$1/copy" &&
    tar -c --exclude=./.git -C "$2" . -C "$1" skills | tar -x -o -C "$1/copy"`;
  execFileSync('sh', ['-c', script, 'copy', root, workspace]);
}

function makeSkills(directory: HostPath): { name: string; from: HostPath }[] {
  return Array.from({ length: SKILLS }, (_, index) => {
    const [name, from] = [`skill-${index}`, join(directory, `skill-${index}`)];
    mkdirSync(join(from, 'scripts'), { recursive: true });
    writeFileSync(join(from, 'SKILL.md'), sourceText(index));
    writeFileSync(join(from, 'scripts', 'run.sh'), '#!/bin/sh\n', { mode: 0o755 });
    return { name, from };
  });
}

if (import.meta.main) console.table(await benchProvision());
