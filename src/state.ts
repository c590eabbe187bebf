/** What the post step must know, saved before the thing exists. No secret is ever part of it. */
import type { Host, HostPath } from './host/host.ts';
import type { EngineName } from './machine/machine.ts';

export type RunState = {
  readonly runId: string;
  /** Everything of this run on the runner lies below it. */
  readonly directory: HostPath;
  readonly engine: EngineName;
  /** Of the engine's program; empty for bubblewrap. */
  readonly engineBinary: HostPath;
  readonly machine: string;
  readonly machineState: HostPath;
};

const STATE = 'run';

export function saveRunState(host: Pick<Host, 'saveState'>, state: RunState): void {
  host.saveState(STATE, JSON.stringify(state));
}

/** The state that main saved, or undefined when it never came that far. */
export function loadRunState(host: Pick<Host, 'state'>): RunState | undefined {
  const text = host.state(STATE);
  return text === '' ? undefined : (JSON.parse(text) as RunState);
}
