/** Brings back what the agent made: one command in the guest, one tar stream out of it. */
import { randomBytes } from 'node:crypto';
import type { SecretSearch } from '../git-check/secret-search.ts';
import type { HostPath } from '../host/host.ts';
import type { Machine } from '../machine/machine.ts';
import type { Plan } from '../plan/plan.ts';
import type { Provisioned } from '../provision/provisioned.ts';
import { createPlacement, OWN } from './collect-place.ts';
import { collectArgv } from './collect-script.ts';
import { RESULT_BYTES, takeSent } from './collect-sent.ts';
import { DEFAULT_EXTRACT_LIMITS, type Extracted, extractTar, type WatchFile } from './extract.ts';
import { ANY_DEPTH, GIT_DIRECTORY, parseGlob, type Search } from './glob.ts';
import type { Collected } from './outputs.ts';
import { receive } from './receive.ts';
import { watchSecrets } from './watch-secret.ts';

export type CollectPlan = Pick<Plan, 'outputs' | 'provision' | 'resultFile' | 'user'> & {
  readonly limits: Pick<Plan['limits'], 'outputMib'>;
};

export type CollectOptions = {
  /** Is made, and gets the bundles of the agent's work. */
  readonly bundles: HostPath;
  readonly timeoutMs: number;
  /** What is looked for in the files while they come. */
  readonly search: SecretSearch;
  /** Ends the collection early. */
  readonly signal?: AbortSignal;
};

const MIB = 1 << 20;

/**
 * Puts `outputs`, `workspace`, `home` and `root` into the directory, as far as there is something.
 * What had come when the time was over is kept.
 *
 * Never throws for what the guest does or for a machine that dies: the rest is kept, and a notice
 * says it. Throws when the runner's own disk does not let the directory be made.
 */
export async function collect(
  machine: Machine,
  plan: CollectPlan,
  provisioned: Pick<Provisioned, 'baseCommit' | 'baseTree'>,
  directory: HostPath,
  options: CollectOptions,
): Promise<Collected> {
  const { workspace, outputDirectory } = plan.provision;
  const scratch = `bottle-collect-${randomBytes(8).toString('hex')}`;
  const base = { workspace: workspace.to, home: plan.user.home };
  const globs = plan.outputs.value.map((text) => parseGlob(text, base));
  const everything: Search = {
    directory: outputDirectory,
    depth: ANY_DEPTH,
    name: '*',
    skipped: GIT_DIRECTORY,
  };
  const argv = collectArgv({
    scratch,
    baseCommit: provisioned.baseCommit,
    baseTree: provisioned.baseTree,
    workspace: workspace.to,
    outputDirectory,
    resultFile: plan.resultFile,
    resultBytes: RESULT_BYTES + 1,
    searches: [everything, ...globs.map(({ search }) => search)],
  });
  const placement = createPlacement(plan, globs, scratch);
  const { timeoutMs, signal, search } = options;
  const receiving = { what: 'outputs', timeoutMs, ...(signal && { signal }) };
  const { extracted, said, broken } = await receive(machine, argv, receiving, (stream) =>
    extractTar(stream, directory, limitsOf(plan), placement.place, watchWith(search)),
  );
  const sent = takeSent(directory, extracted.files, options.bundles);
  const unmatched = placement.unmatched().map(({ text }) => `No file matched outputs: ${text}`);
  return {
    directory,
    files: sent.files,
    clean: extracted.clean,
    refused: extracted.refused,
    sent: sent.sent,
    result: sent.result,
    notices: [
      ...said.map((line) => `The guest said: ${line}`),
      ...(broken === '' ? [] : [broken]),
      ...noticesOf(extracted),
      ...sent.notices,
      ...unmatched,
    ],
  };
}

/** Bundles are searched when they are opened: here they are packed. */
function watchWith(search: SecretSearch): WatchFile {
  const watch = watchSecrets(search);
  return (path) => (path.startsWith(`${OWN}/`) ? undefined : watch(path));
}

function limitsOf(plan: CollectPlan) {
  const bytes = plan.limits.outputMib.value * MIB;
  return { ...DEFAULT_EXTRACT_LIMITS, fileBytes: bytes, totalBytes: bytes };
}

function noticesOf({ broken, files, refused, refusedCount }: Extracted): string[] {
  const notices: string[] = [];
  if (broken !== undefined) {
    notices.push(`The outputs broke off (${broken}); ${files.length} files before that are kept`);
  }
  if (refusedCount > refused.length) {
    notices.push(`${refusedCount - refused.length} more entries were refused than are listed`);
  }
  return notices;
}
