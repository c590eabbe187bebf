/** Reads a bundle from a hostile writer: its header here, its pack by `takePack`. */
import { type ByteReader, createByteReader } from '../tar/byte-reader.ts';
import type { CheckFinding } from './finding.ts';
import type { GitRunner } from './git-runner.ts';
import { takePack } from './pack.ts';
import { checkRefs } from './ref-name.ts';

export type BundleRef = { readonly name: string; readonly id: string };

export type TakenBundle = {
  /** What it says that it holds; the objects are there where there are no findings. */
  readonly refs: readonly BundleRef[];
  /** Why it was not taken; empty: it was. */
  readonly findings: readonly CheckFinding[];
};

export type BundleLimits = {
  readonly maxBytes: number;
  readonly maxRefs: number;
};

const MAX_LINE = 4096;
const MAX_LINES = 20_000;
const ID = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;
const PREREQUISITE = /^-(?:[0-9a-f]{40}|[0-9a-f]{64})(?: |$)/;
/** What a bundle may say of itself; a filter would leave objects out. */
const CAPABILITY = /^@object-format=sha(?:1|256)$/;

/** Adds the bundle's objects to the repository, or says why not. Throws what `source` throws. */
export async function takeBundle(
  git: GitRunner,
  source: AsyncIterable<Uint8Array>,
  { maxBytes, maxRefs }: BundleLimits,
): Promise<TakenBundle> {
  const reader = createByteReader(source);
  const header = await readHeader(reader, maxRefs);
  if (typeof header === 'string') {
    await reader.close();
    return { refs: [], findings: [refusedBundle(header)] };
  }
  const { refs, hash } = header;
  const badRefs = checkRefs(refs.map(({ name }) => name));
  if (badRefs.length > 0) return { refs, findings: badRefs };
  const findings = await takePack(git, rest(reader), { maxBytes, hash });
  if (findings.length > 0) return { refs, findings };
  return { refs, findings: await missingTips(git, refs) };
}

type Header = { readonly refs: readonly BundleRef[]; readonly hash: 'sha1' | 'sha256' };

/** A text says what is wrong. */
async function readHeader(reader: ByteReader, maxRefs: number): Promise<Header | string> {
  const first = await readLine(reader);
  if (first !== '# v2 git bundle' && first !== '# v3 git bundle') return 'it is no bundle of git';
  const refs: BundleRef[] = [];
  for (let count = 0; count < MAX_LINES; count += 1) {
    const line = await readLine(reader);
    if (line === undefined) return 'its header is cut off or has too long a line';
    if (line === '') return finishHeader(refs);
    if (line.startsWith('@')) {
      if (!CAPABILITY.test(line) || refs.length > 0)
        return 'it needs something that is not allowed';
    } else if (line.startsWith('-')) {
      if (!PREREQUISITE.test(line) || refs.length > 0)
        return 'it needs something that is no commit';
    } else {
      const space = line.indexOf(' ');
      const ref = { id: line.slice(0, space), name: line.slice(space + 1) };
      if (!ID.test(ref.id)) return 'its header names something that is no object';
      refs.push(ref);
      if (refs.length > maxRefs) return `it has more than ${maxRefs} refs`;
    }
  }
  return 'its header has too many lines';
}

function finishHeader(refs: readonly BundleRef[]): Header | string {
  const lengths = new Set(refs.map(({ id }) => id.length));
  if (lengths.size > 1) return 'its header names objects of two kinds';
  if (refs.length === 0) return 'it has no refs';
  return { refs, hash: lengths.has(64) ? 'sha256' : 'sha1' };
}

/** Bytes that are no UTF-8 become U+FFFD, which no name of a ref may have. */
async function readLine(reader: ByteReader): Promise<string | undefined> {
  const bytes: number[] = [];
  while (bytes.length < MAX_LINE && !(await reader.atEnd())) {
    const byte = (await reader.some(1))[0] as number;
    if (byte === 0x0a) return Buffer.from(bytes).toString();
    bytes.push(byte);
  }
  return undefined;
}

async function* rest(reader: ByteReader): AsyncGenerator<Uint8Array> {
  while (!(await reader.atEnd())) yield reader.some(1 << 16);
}

/** A header may name what is not in the pack. */
async function missingTips(
  git: GitRunner,
  refs: readonly BundleRef[],
): Promise<readonly CheckFinding[]> {
  const input = Buffer.from(refs.map(({ id }) => `${id}\n`).join(''));
  const { stdout } = await git(['cat-file', '--batch-check=%(objecttype)'], { input });
  const answers = stdout.toString().split('\n');
  return refs
    .filter((_, index) => !/^(?:commit|tag)$/.test(answers[index] ?? ''))
    .map(({ id }) => refusedBundle(`${id}, which a ref stands for, is no commit that it holds`));
}

function refusedBundle(reason: string): CheckFinding {
  const detail = `The bundle: ${reason}`;
  return { rule: 'fsck', action: 'block', commit: '', path: '', line: 0, detail };
}
