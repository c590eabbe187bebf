/** What a local run leaves in `--out`: outputs.json, summary.md, log.txt, artifacts/ and cache/. */
import { lstat, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import type { ResultsService } from '../test/results-service/service.ts';
import type { StepResult } from '../test/runner/run-step.ts';
import { UsageError } from './local-arguments.ts';

const OURS = ['artifacts', 'cache', 'log.txt', 'outputs.json', 'summary.md'];

/** Makes an empty directory. One that holds anything but an earlier run is left alone. @throws UsageError */
export async function prepareOut(out: string): Promise<void> {
  const found = await lstat(out).catch(() => undefined);
  if (found !== undefined) {
    const entries = found.isDirectory() ? await readdir(out) : undefined;
    const strange = entries?.find((entry) => !OURS.includes(entry));
    if (entries === undefined || strange !== undefined) {
      const what = entries === undefined ? 'is not a directory' : `holds ${strange}`;
      throw new UsageError(`--out ${out} ${what}: name a directory that is empty or not there.`);
    }
    await Promise.all(entries.map((entry) => rm(join(out, entry), { recursive: true })));
  }
  await mkdir(join(out, 'artifacts'), { recursive: true });
  await mkdir(join(out, 'cache'));
}

export type Brought = {
  /** Files below `artifacts/`. */
  readonly files: readonly string[];
  /** The agent's change; empty when there is none. */
  readonly patch: string;
};

export async function writeOut(
  out: string,
  result: StepResult,
  service: ResultsService,
): Promise<Brought> {
  const files: string[] = [];
  let patch = '';
  await writeFile(join(out, 'outputs.json'), `${JSON.stringify(result.outputs, null, 2)}\n`);
  await writeFile(join(out, 'summary.md'), result.summary);
  await writeFile(join(out, 'log.txt'), `${result.log}\n`);
  for (const { name } of service.listArtifacts()) {
    for (const [path, bytes] of await service.readArtifact(name)) {
      await writeBelow(join(out, 'artifacts'), join(name, path), bytes);
      files.push(join(name, path));
      if (path === 'changes.patch') patch = bytes.toString();
    }
  }
  for (const { key } of service.listCache()) {
    await writeBelow(join(out, 'cache'), encodeURIComponent(key), await service.readCache(key));
  }
  return { files: files.sort(), patch };
}

/** What was uploaded decides the path: it must not lead out of the directory. */
async function writeBelow(directory: string, path: string, bytes: Uint8Array): Promise<void> {
  const target = join(directory, path);
  if (/^\.\.(\/|$)/.test(relative(directory, target))) throw new Error(`unsafe path ${path}`);
  await mkdir(dirname(target), { recursive: true });
  await writeFile(target, bytes);
}
