/** What the post step must know, saved before the thing exists. No secret is ever part of it. */
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Host, HostPath } from './host/host.ts';
import type { EngineName } from './machine/machine.ts';

/** A directory that is this step's alone; the post step removes it whole. */
export type StepDirectory = {
  readonly path: HostPath;
  /** Random base-36 characters that name the run, too. */
  readonly suffix: string;
};

/** The machine of a run. */
export type RunState = {
  readonly runId: string;
  readonly engine: EngineName;
  /** The smolvm program; empty for bubblewrap. */
  readonly engineBinary: HostPath;
  readonly machine: string;
  readonly machineState: HostPath;
};

const DIRECTORY = 'directory';
const RUN = 'run';
const SUFFIX_LENGTH = 5;

export async function openStepDirectory(host: Host): Promise<StepDirectory> {
  const suffix = host.randomName(SUFFIX_LENGTH);
  const path = join(host.env.RUNNER_TEMP || tmpdir(), `bottle-${suffix}`);
  host.saveState(DIRECTORY, path);
  await mkdir(path, { recursive: true, mode: 0o700 });
  return { path, suffix };
}

/** Empty when main never came that far. */
export function loadStepDirectory(host: Pick<Host, 'state'>): HostPath {
  return host.state(DIRECTORY);
}

export function saveRunState(host: Pick<Host, 'saveState'>, state: RunState): void {
  host.saveState(RUN, JSON.stringify(state));
}

/** Undefined when no machine was about to be made. */
export function loadRunState(host: Pick<Host, 'state'>): RunState | undefined {
  const text = host.state(RUN);
  return text === '' ? undefined : (JSON.parse(text) as RunState);
}
