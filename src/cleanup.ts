/** The post step: removes what the run left behind. Tolerates absence, never fails a good job. */
import { rm } from 'node:fs/promises';
import { messageOf } from './errors.ts';
import type { Host } from './host/host.ts';
import { createEngine } from './machine/engine.ts';
import { delistRun } from './reap.ts';
import { loadRunState } from './state.ts';

export async function cleanUp(host: Host): Promise<void> {
  try {
    const state = loadRunState(host);
    if (state === undefined) return host.log.info('Nothing to clean up: no bottle was started.');
    const engine = createEngine(host, state.engine, state.engineBinary);
    const removed = await engine.destroy({
      engine: state.engine,
      name: state.machine,
      stateDir: state.machineState,
    });
    await rm(state.directory, { recursive: true, force: true });
    await delistRun(host, state.runId);
    host.log.info(
      removed
        ? `Removed the machine ${state.machine} that the run had left, and ${state.directory}.`
        : `The machine ${state.machine} was already gone. Removed ${state.directory}.`,
    );
  } catch (error) {
    host.log.warning(`Cleaning up did not finish: ${messageOf(error)}`);
  }
}
