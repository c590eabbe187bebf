/** What we cost: from the start of main to the agent's first byte, and the start of each entry. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { openScene, ROOT, type Scene } from '../test/action/scene.ts';
import { type BenchRow, compare } from './row.ts';

const ROUNDS = 9;
const NODE = fileURLToPath(new URL('../node_modules/.bin/node', import.meta.url));

export async function benchOverhead(): Promise<BenchRow[]> {
  const scene = await openScene();
  try {
    const rows = [
      await compare(
        { name: 'start of main to first byte of the agent', against: 'tar | bwrap, by hand' },
        ROUNDS,
        () => firstByteOfAction(scene),
        () => firstByteByHand(scene.workspace),
      ),
      await compareEntry('main', { INPUT_MODE: 'nothing' }),
      await compareEntry('post', {}),
    ];
    return [...rows, await peakMemory(scene)];
  } finally {
    await scene.close();
  }
}

async function firstByteOfAction(scene: Scene): Promise<number> {
  const start = performance.now();
  let first = 0;
  await scene.run({
    onLine: (line) => {
      if (first === 0 && line.startsWith('hello | ')) first = performance.now() - start;
    },
  });
  return first;
}

/** The same agent on the same files with what Debian has: a private tree, no network, one pipe. */
function firstByteByHand(workspace: string): Promise<number> {
  const bwrap =
    'bwrap --unshare-all --die-with-parent --ro-bind /usr /usr --symlink usr/bin /bin --symlink usr/lib /lib ' +
    '--symlink usr/lib64 /lib64 --proc /proc --dev /dev --tmpfs /tmp --tmpfs /home/node --chdir /home/node ' +
    '--setenv HOME /home/node';
  const inside = 'mkdir workspace; tar -xC workspace; cd workspace; echo first';
  const start = performance.now();
  const child = spawn('sh', ['-c', `tar -cC "$1" . | ${bwrap} sh -c '${inside}'`, 'sh', workspace]);
  return new Promise((resolve, reject) => {
    child.stdout.once('data', () => resolve(performance.now() - start));
    child.once('error', reject);
  });
}

/** An entry that has nothing to do: what loading it costs, against a Node that loads nothing. */
function compareEntry(entry: string, env: Record<string, string>): Promise<BenchRow> {
  return compare(
    { name: `start-up of ${entry}`, against: 'an empty node' },
    ROUNDS,
    () => timeNode([`${ROOT}/dist/${entry}/index.js`], env),
    () => timeNode(['-e', ''], {}),
  );
}

function timeNode(args: readonly string[], env: Record<string, string>): Promise<number> {
  const start = performance.now();
  const child = spawn(NODE, args, { env: { PATH: process.env.PATH, ...env }, stdio: 'ignore' });
  return new Promise((resolve) => child.once('exit', () => resolve(performance.now() - start)));
}

/** Of main over a whole run, from the kernel's own high-water mark, against an empty node's. */
async function peakMemory(scene: Scene): Promise<BenchRow> {
  const highWater = (pid: number) => {
    try {
      const status = readFileSync(`/proc/${pid}/status`, 'utf8');
      return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0) / 1024;
    } catch {
      return 0;
    }
  };
  return compare(
    { name: 'peak memory of main, MiB', against: 'an empty node' },
    3,
    async () => {
      let peak = 0;
      const step = await scene.start({ onLine: () => sample() });
      const sample = () => {
        peak = Math.max(peak, highWater(step.pid));
      };
      const timer = setInterval(sample, 5);
      await step.result;
      clearInterval(timer);
      return peak;
    },
    async () => {
      const child = spawn(NODE, ['-e', 'process.stdin.resume()'], {
        stdio: ['pipe', 'ignore', 'ignore'],
      });
      let peak = 0;
      const timer = setInterval(() => {
        peak = Math.max(peak, highWater(child.pid ?? 0));
        if (performance.now() - started > 300) child.stdin.end();
      }, 5);
      const started = performance.now();
      await new Promise((resolve) => child.once('exit', resolve));
      clearInterval(timer);
      return peak;
    },
  );
}

if (import.meta.main) console.table(await benchOverhead());
