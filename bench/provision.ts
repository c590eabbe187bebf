/** Measures provisioning into bubblewrap, beside `tar c | tar x` of the same files. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHost } from '../src/host/actions.ts';
import type { HostPath } from '../src/host/host.ts';
import { bubblewrapEngine } from '../src/machine/bubblewrap/bubblewrap.ts';
import { provision } from '../src/provision/provision.ts';
import { makePlan } from '../test/provision/plan.ts';
import { type BenchRow, compare } from './row.ts';

const FILES = 5000;
const SKILLS = 50;
const ROUNDS = 9;

/** Needs git, tar and bwrap. Goal: a ratio of at most 1.5. */
export async function benchProvision(): Promise<BenchRow[]> {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'bench-provision-')));
  const host = createHost();
  const user = { name: 'agent', uid: 1000, gid: 1000, home: '/home/agent' };
  const skills = makeSkills(join(root, 'skills'));
  const workspace = makeClone(root);
  // The bottle wants a gateway's socket; nothing is said over it here.
  const gateway = createServer().listen(join(root, 'gateway.sock'));
  await once(gateway, 'listening');
  const machine = await bubblewrapEngine(host).create({
    name: 'bottle-bench',
    image: { kind: 'host' },
    cpus: 2,
    memoryMib: 1024,
    storageGib: 4,
    user,
    socket: { host: join(root, 'gateway.sock'), guest: '/run/bottle/gateway.sock' },
    stateDir: join(root, 'state'),
    labels: {},
  });
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
    await machine.destroy();
    gateway.close();
    rmSync(root, { recursive: true, force: true });
  }
}

function copyByTar(root: HostPath, workspace: HostPath): void {
  const script = `mkdir "$1/copy" &&
    tar -c --exclude=./.git -C "$2" . -C "$1" skills | tar -x -o -C "$1/copy"`;
  execFileSync('sh', ['-c', script, 'copy', root, workspace]);
}

/** A clone, as `actions/checkout` leaves it: packed objects, a fresh index. */
function makeClone(root: HostPath): HostPath {
  const origin = join(root, 'origin');
  for (let index = 0; index < FILES; index += 1) {
    const directory = join(origin, `package-${index % 40}`, `part-${index % 7}`);
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, `file-${index}.ts`), sourceText(index));
  }
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@example.com', ...args]);
  git('init', '--quiet', origin);
  git('-C', origin, 'add', '--all');
  git('-C', origin, 'commit', '--quiet', '--message=all');
  const clone = join(root, 'clone');
  git('clone', '--quiet', '--no-local', origin, clone);
  return clone;
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

/** About 4 KiB that compress like a program's source. */
function sourceText(seed: number): string {
  let state = seed + 1;
  const next = () => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return state.toString(36);
  };
  const lines = Array.from(
    { length: 20 + (seed % 100) },
    () => `  const ${next()} = await read(${next()}, { size: ${next()} });\n`,
  );
  return `export async function f${seed}() {\n${lines.join('')}}\n`;
}

if (import.meta.main) console.table(await benchProvision());
