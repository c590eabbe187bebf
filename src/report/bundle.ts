/** Puts together what leaves the run as files, with known secrets taken out. */
import { mkdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { HostPath } from '../host/host.ts';
import { cleanFiles } from './clean-file.ts';
import { digest, type RunRecord } from './record.ts';
import type { Redactor } from './redact.ts';
import { renderSummary } from './summary.ts';

/** Names at the top of the artifact; what was collected lies in directories beside them. */
export const BUNDLE_FILES = {
  record: 'run.json',
  summary: 'summary.md',
  result: 'result.md',
  patch: 'changes.patch',
} as const;

export type BundleInput = {
  readonly record: RunRecord;
  /** The agent's change; empty when there is none. */
  readonly patch: string;
  /** Holds what was collected; made when it does not exist. */
  readonly directory: HostPath;
  /** The agent's raw output, the gateway's audit: files at the top of `directory`. */
  readonly logs: readonly HostPath[];
};

export type Bundle = {
  readonly record: RunRecord;
  readonly summary: string;
  readonly patch: string;
  /** What was there already and goes along: paths on the runner, below the directory. */
  readonly files: readonly HostPath[];
};

/** Rewrites files in the directory where a secret stood in them; writes nothing else. */
export async function cleanBundle(input: BundleInput, redactor: Redactor): Promise<Bundle> {
  const { directory } = input;
  const text = redactStrings({ record: input.record, patch: input.patch }, redactor);
  const { record, patch } = text.value;
  const collected = await cleanFiles(input.record.outputs.files, directory, redactor);
  const logs = input.logs.map((log) => ({ path: basename(log), size: 0, sha256: '' }));
  const loose = await cleanFiles(logs, directory, redactor, 'rewrite');
  const clean: RunRecord = {
    ...record,
    // Our own words, even where a secret happens to be one of them.
    outcome: input.record.outcome,
    engine: input.record.engine,
    startedAt: input.record.startedAt,
    outputs: {
      files: collected.files,
      refused: [...record.outputs.refused, ...collected.refused, ...loose.refused],
    },
    change: { ...record.change, patchSha256: digest(patch) },
    notices: [...record.notices, ...collected.notices],
    secretsFound: text.found + collected.found + loose.found,
  };
  return {
    record: clean,
    patch,
    summary: renderSummary(clean, { patch }),
    files: [...collected.files, ...loose.files].map((file) => join(directory, file.path)),
  };
}

/** Writes the bundle's own files; returns every file of the artifact. */
export async function writeBundle(bundle: Bundle, directory: HostPath): Promise<HostPath[]> {
  const { record, patch, summary } = bundle;
  const contents = [
    [BUNDLE_FILES.record, `${JSON.stringify(record, null, 2)}\n`],
    [BUNDLE_FILES.summary, summary],
    [BUNDLE_FILES.result, record.result],
    [BUNDLE_FILES.patch, patch],
  ] as const;
  await mkdir(directory, { recursive: true });
  const files = [...bundle.files];
  for (const [name, content] of contents) {
    if (content === '') continue;
    const path = join(directory, name);
    await writeFile(path, content);
    if (!files.includes(path)) files.push(path);
  }
  return files;
}

function redactStrings<T>(value: T, redactor: Redactor): { value: T; found: number } {
  let found = 0;
  const json = JSON.stringify(value, (_, part: unknown) => {
    if (typeof part !== 'string') return part;
    const clean = redactor.text(part);
    found += clean.found;
    return clean.text;
  });
  return { value: JSON.parse(json) as T, found };
}
