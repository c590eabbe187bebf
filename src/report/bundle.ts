/** Puts together what leaves the run as files, with known secrets taken out. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { HostPath } from '../host/host.ts';
import { cleanFiles } from './clean-file.ts';
import { makeStatement } from './provenance.ts';
import type { RunRecord } from './record.ts';
import { countFound, type Found, type Redactor, sumFound } from './redact.ts';

/** Names at the top of the artifact; what was collected lies in directories beside them. */
export const BUNDLE_FILES = {
  record: 'run.json',
  summary: 'summary.md',
  page: 'report.html',
  provenance: 'provenance.intoto.json',
  signature: 'provenance.sigstore.json',
  result: 'result.md',
  patch: 'changes.patch',
  bundle: 'proposal.bundle',
} as const;

export type BundleInput = {
  readonly record: RunRecord;
  /** The agent's change, at the top of `directory`; each empty when there is none. */
  readonly change: { readonly patch: HostPath; readonly bundle: HostPath };
  /** Holds what was collected; made when it does not exist. */
  readonly directory: HostPath;
  /** The agent's raw output, the gateway's audit: files at the top of `directory`. */
  readonly logs: readonly HostPath[];
  /** Paths of collected files that are known to hold no secret. */
  readonly clean?: ReadonlySet<string>;
};

/** The page about the run, as the step summary and for a browser. */
export type Pages = { readonly summary: string; readonly html: string };

export type Bundle = {
  readonly record: RunRecord;
  /** The patch without secrets, and its beginning; empty when there is none. */
  readonly patch: HostPath;
  readonly patchHead: string;
  /** What was there already and goes along: paths on the runner, below the directory. */
  readonly files: readonly HostPath[];
};

/** Rewrites files in the directory where a secret stood in them; writes nothing else. */
export async function cleanBundle(input: BundleInput, redactor: Redactor): Promise<Bundle> {
  const { directory } = input;
  const text = await redactStrings(withoutFiles(input.record), redactor);
  const { files: given } = input.record.outputs;
  const collected = await cleanFiles(given, directory, redactor, 'keep', input.clean);
  const own = [...input.logs, input.change.patch].filter((path) => path !== '').map(loose);
  const rewritten = await cleanFiles(own, directory, redactor, 'rewrite');
  const kept = rewritten.files.map((file) => join(directory, file.path));
  const patch = kept.includes(input.change.patch) ? input.change.patch : '';
  const { bundle } = input.change;
  const digests = { patchSha256: await digest(patch), bundleSha256: await digest(bundle) };
  const clean: RunRecord = {
    ...ownWords(text.value, input.record),
    outputs: {
      files: collected.files,
      refused: [...text.value.outputs.refused, ...collected.refused, ...rewritten.refused],
    },
    notices: [...text.value.notices, ...collected.notices],
    ...countSecrets([text.found, collected.found, rewritten.found], input.record),
  };
  const record = { ...clean, change: { ...clean.change, ...digests } };
  const patchHead = await readHead(patch);
  const files = [...collected.files.map((file) => join(directory, file.path)), ...kept];
  return {
    record,
    patch,
    patchHead,
    files: bundle === '' ? files : [...files, bundle],
  };
}

const loose = (path: HostPath) => ({ path: basename(path), size: 0, sha256: '' });

/** What we say stays, even where a secret happens to be one of our words. */
function ownWords(clean: RunRecord, own: RunRecord): RunRecord {
  const { outcome, engine, startedAt, change, writeBack } = own;
  const findings = clean.change.findings.map((finding, at) => {
    const { rule, action } = change.findings[at] ?? finding;
    return { ...finding, rule, action };
  });
  const { verdict } = change;
  const words = { outcome, engine, startedAt };
  return {
    ...{ ...clean, ...words, change: { ...clean.change, verdict, findings } },
    writeBack: {
      ...clean.writeBack,
      mode: writeBack.mode,
      state: writeBack.state,
      by: writeBack.by,
    },
  };
}

const BLOCKED = 'blocked in a commit';

/** With those that the checks found in the commits, which is why no bundle of them leaves. */
function countSecrets(
  found: readonly Found[],
  { change }: RunRecord,
): Pick<RunRecord, 'secretsFound' | 'secrets'> {
  const blocked = change.findings.filter(({ rule }) => rule === 'secret').length;
  const all = sumFound([...found, ...(blocked > 0 ? [new Map([[BLOCKED, blocked]])] : [])]);
  const secrets = [...all].map(([label, count]) => ({ label, count }));
  return { secretsFound: countFound(all), secrets };
}

/** SHA-256 in lower-case hex; empty for no file. */
async function digest(path: HostPath): Promise<string> {
  if (path === '') return '';
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  return hash.digest('hex');
}

/** More than a summary shows. */
const HEAD_BYTES = 256 * 1024;

async function readHead(path: HostPath): Promise<string> {
  if (path === '') return '';
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES));
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await file.close();
  }
}

/** `run.json`, to the byte. */
export function recordText(record: RunRecord): string {
  return `${JSON.stringify(record, null, 2)}\n`;
}

/** Writes the bundle's own files, also again; returns every file that leaves. */
export async function writeBundle(
  bundle: Bundle,
  { summary, html }: Pages,
  directory: HostPath,
): Promise<HostPath[]> {
  const { record } = bundle;
  const recordJson = recordText(record);
  const contents = [
    [BUNDLE_FILES.record, recordJson],
    [BUNDLE_FILES.provenance, `${JSON.stringify(makeStatement(record, recordJson), null, 2)}\n`],
    [BUNDLE_FILES.summary, summary],
    [BUNDLE_FILES.page, html],
    [BUNDLE_FILES.result, record.result],
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

/** Their names are searched with their contents. */
function withoutFiles(record: RunRecord): RunRecord {
  return { ...record, outputs: { ...record.outputs, files: [] } };
}

/** Every text in the value, whatever its shape. */
async function redactStrings<T>(
  value: T,
  redactor: Redactor,
): Promise<{ readonly value: T; readonly found: Found }> {
  const all: Found[] = [];
  async function walk(part: unknown): Promise<unknown> {
    if (typeof part === 'string') {
      const { text, found } = await redactor.text(part);
      all.push(found);
      return text;
    }
    if (Array.isArray(part)) {
      const items: unknown[] = [];
      for (const item of part) items.push(await walk(item));
      return items;
    }
    if (typeof part !== 'object' || part === null) return part;
    const entries: [string, unknown][] = [];
    for (const [key, item] of Object.entries(part)) entries.push([key, await walk(item)]);
    return Object.fromEntries(entries);
  }
  return { value: (await walk(value)) as T, found: sumFound(all) };
}
