/** Runs that go on on this runner, so that the next one can end what a killed one left behind. */
import { lstat, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { messageOf } from './errors.ts';
import type { Host, HostPath } from './host/host.ts';
import { currentOwner, hasEnded, type Owner } from './lock/owner.ts';
import { createEngine } from './machine/engine.ts';
import type { RunState } from './state.ts';
import { toolCache } from './tool-cache.ts';

type Entry = { readonly owner: Owner; readonly state: RunState };

/** No job lasts longer; a process that cannot be seen from here is not taken for dead before. */
const LONGEST_JOB_MS = 5 * 24 * 60 * 60 * 1000;

/**
 * In the tool cache, which outlives the job; undefined where the runner has none. Never in a
 * directory that others may write to: what is listed here is removed.
 */
function runsDirectory({ env }: Pick<Host, 'env'>): HostPath | undefined {
  return env.RUNNER_TOOL_CACHE || env.RUNNER_TEMP ? join(toolCache(env), 'runs') : undefined;
}

/** Writes the run into the list, before anything of it exists. */
export async function enlistRun(host: Host, state: RunState): Promise<void> {
  const directory = runsDirectory(host);
  if (directory === undefined) return;
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const entry: Entry = { owner: await currentOwner(host), state };
  const path = join(directory, `${state.runId}.json`);
  await writeFile(`${path}.new`, JSON.stringify(entry), { mode: 0o600 });
  await rename(`${path}.new`, path);
}

export async function delistRun(host: Host, runId: string): Promise<void> {
  const directory = runsDirectory(host);
  if (directory !== undefined) await rm(join(directory, `${runId}.json`), { force: true });
}

/**
 * Destroys the machines of runs whose process is gone and whose post step never came. Their
 * directories stay: a later step of that job may still read what the run brought back.
 */
export async function reapDeadRuns(host: Host): Promise<void> {
  const directory = runsDirectory(host);
  const names = directory === undefined ? [] : await readdir(directory).catch(() => []);
  if (directory === undefined || names.length === 0) return;
  const me = await currentOwner(host);
  for (const name of names) {
    const path = join(directory, name);
    try {
      await reapIfDead(host, path, me);
    } catch (error) {
      host.log.warning(`${path} cannot be read, and is removed: ${messageOf(error)}`);
      await rm(path, { force: true });
    }
  }
}

async function reapIfDead(host: Host, path: HostPath, me: Owner): Promise<void> {
  const found = await lstat(path);
  const strange = !found.isFile() || (host.uid >= 0 && found.uid !== host.uid);
  if (strange) throw new Error('it is not a file of ours');
  const { owner, state } = readEntry(await readFile(path, 'utf8'), basename(path, '.json'));
  const ageMs = Math.max(0, host.now() - found.mtimeMs - LONGEST_JOB_MS);
  if (!(await hasEnded(host, owner, me, ageMs))) return;
  const { engine: name, machine, machineState: stateDir } = state;
  const engine = createEngine(host, name, state.engineBinary);
  const removed = await engine.destroy({ engine: name, name: machine, stateDir });
  await rm(path, { force: true });
  if (removed) host.log.info(`Removed the machine ${machine}, which a killed run had left.`);
}

/** What is read here is removed and run, so it must be what `enlistRun` writes. */
function readEntry(text: string, runId: string): Entry {
  const { owner, state } = JSON.parse(text) as Entry;
  const place = dirname(state.machineState);
  const ours =
    typeof owner === 'string' &&
    state.runId === runId &&
    state.machine === `bottle-${runId}` &&
    ['smolvm', 'bubblewrap'].includes(state.engine) &&
    basename(state.machineState) === 'm' &&
    basename(place) === `bottle-${runId.slice(-5)}`;
  if (!ours) throw new Error('it names no run of ours');
  return { owner, state };
}
