/** The post step: removes what the run left behind. Tolerates absence, never fails a good job. */
import { rm } from 'node:fs/promises';
import { deployKeysIn, removeDeployKeys } from './deploy-key.ts';
import { messageOf } from './errors.ts';
import type { Host } from './host/host.ts';
import { createEngine } from './machine/engine.ts';
import { delistRun } from './reap.ts';
import { loadRunState, loadStepDirectory, type RunState } from './state.ts';

export async function cleanUp(host: Host): Promise<void> {
  try {
    const run = loadRunState(host);
    if (run === undefined) host.log.info('No machine was made.');
    else await destroyMachine(host, run);
    const directory = loadStepDirectory(host);
    if (directory === '') return;
    await removeDeployKeys(host, deployKeysIn(directory));
    await rm(directory, { recursive: true, force: true });
    host.log.info(`Removed ${directory}.`);
  } catch (error) {
    host.log.warning(`Cleaning up did not finish: ${messageOf(error)}`);
  }
}

async function destroyMachine(host: Host, run: RunState): Promise<void> {
  const { engine: name, machine, machineState: stateDir } = run;
  const engine = createEngine(host, name, run.engineBinary);
  const removed = await engine.destroy({ engine: name, name: machine, stateDir });
  await delistRun(host, run.runId);
  host.log.info(
    removed
      ? `Removed the machine ${machine}, which the run had left.`
      : `The machine ${machine} was already gone.`,
  );
}
