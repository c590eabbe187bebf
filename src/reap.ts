/** Runs that go on on this runner, so that the next one can end what a killed one left behind. */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { messageOf } from './errors.ts';
import type { Host, HostPath } from './host/host.ts';
import { currentOwner, hasEnded, type Owner } from './lock/owner.ts';
import { createEngine } from './machine/engine.ts';
import type { RunState } from './state.ts';

type Entry = { readonly owner: Owner; readonly state: RunState };

/** The tool cache outlives the job; RUNNER_TEMP, with which a run's own traces go, does not. */
function runsDirectory({ env }: Pick<Host, 'env'>): HostPath {
  return join(env.RUNNER_TOOL_CACHE || env.RUNNER_TEMP || tmpdir(), 'bottle', 'runs');
}

/** Writes the run into the list, before anything of it exists. */
export async function enlistRun(host: Host, state: RunState): Promise<void> {
  const directory = runsDirectory(host);
  await mkdir(directory, { recursive: true });
  const entry: Entry = { owner: await currentOwner(host), state };
  await writeFile(join(directory, `${state.runId}.json`), JSON.stringify(entry), { mode: 0o600 });
}

export async function delistRun(host: Host, runId: string): Promise<void> {
  await rm(join(runsDirectory(host), `${runId}.json`), { force: true });
}

/**
 * Destroys the machines of runs whose process is gone and whose post step never came. Their
 * directories stay: a later step of that job may still read what the run brought back.
 */
export async function reapDeadRuns(host: Host): Promise<void> {
  const directory = runsDirectory(host);
  const names = await readdir(directory).catch(() => []);
  if (names.length === 0) return;
  const me = await currentOwner(host);
  for (const name of names) {
    try {
      await reapIfDead(host, join(directory, name), me);
    } catch (error) {
      host.log.warning(`What an earlier run left could not be removed: ${messageOf(error)}`);
    }
  }
}

async function reapIfDead(host: Host, path: HostPath, me: Owner): Promise<void> {
  const { owner, state } = JSON.parse(await readFile(path, 'utf8')) as Entry;
  if (!(await hasEnded(host, owner, me, 0))) return;
  const { engine: name, machine, machineState: stateDir } = state;
  const engine = createEngine(host, name, state.engineBinary);
  const removed = await engine.destroy({ engine: name, name: machine, stateDir });
  await rm(path, { force: true });
  if (removed) host.log.info(`Removed the machine ${machine}, which a killed run had left.`);
}
