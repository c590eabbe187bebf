/** Measures what it costs to bring outputs back and to hand them on, beside `tar` and a bare upload. */
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { nameArtifacts } from '../src/artifact-kind.ts';
import { searchSecrets } from '../src/git-check/secret-search.ts';
import type { Host, HostPath } from '../src/host/host.ts';
import { createServices } from '../src/host/services.ts';
import { collect } from '../src/outputs/collect.ts';
import { sortFiles } from '../src/report/artifact-set.ts';
import { cleanFiles } from '../src/report/clean-file.ts';
import { createRedactor } from '../src/report/redact.ts';
import { uploadSets } from '../src/report/upload.ts';
import { localMachine } from '../test/provision/local.ts';
import { makePlan } from '../test/provision/plan.ts';
import { type BenchRow, compare } from './row.ts';

const MIB = 1 << 20;
const FILES = 64;
const SMALL_FILES = 100_000;
const SECRETS = [{ name: 'TOKEN', value: 'ghx_3kKq9dUx7Zb1LmNcVf8Ws0Tr5Yh2Gj4Pa6Qe' }];

/** Goals: 1 GiB brought back and uploaded at most 1.6; 100,000 files brought back at most 2. */
export async function benchOutputs(): Promise<BenchRow[]> {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'bench-outputs-')));
  const entry = fileURLToPath(new URL('outputs/service.ts', import.meta.url));
  const service = spawn(process.execPath, [entry], { stdio: ['pipe', 'pipe', 'inherit'] });
  try {
    const [line] = await once(service.stdout, 'data');
    Object.assign(process.env, JSON.parse(String(line)), {
      GITHUB_WORKSPACE: root,
      GITHUB_SERVER_URL: 'https://github.com',
      NO_PROXY: '127.0.0.1',
    });
    return [
      await measureLarge(root, 'random bytes'),
      await measureLarge(root, 'text'),
      await measureMany(root),
    ];
  } finally {
    service.stdin.end();
    await once(service, 'exit');
    rmSync(root, { recursive: true, force: true });
  }
}

let uploads = 0;

async function measureLarge(root: HostPath, kind: 'random bytes' | 'text') {
  const home = join(root, kind.replace(' ', '-'));
  mkdirSync(join(home, 'outputs'), { recursive: true });
  const content = kind === 'text' ? text(16 * MIB) : noise(16 * MIB);
  for (let at = 0; at < FILES; at++) {
    content.writeUInt32BE(0x61616161 + at, 0);
    writeFileSync(join(home, 'outputs', `file-${at}`), content);
  }
  const tar = join(root, 'outputs.tar');
  execFileSync('tar', ['-C', home, '-cf', tar, 'outputs']);
  const ours = () =>
    timed(async () => {
      const directory = join(root, 'artifact');
      const paths = await bringBack(home, directory, root);
      const name = `ours-${uploads++}`;
      const artifact = { name, names: nameArtifacts(name), retentionDays: 0 };
      const sets = sortFiles(paths, directory);
      const { kept } = await uploadSets(HOST, createServices(), artifact, directory, sets);
      if (kept.length !== 1) throw new Error('nothing was uploaded');
      rmSync(directory, { recursive: true });
    });
  const reference = () =>
    timed(async () => {
      execFileSync('sh', ['-c', 'tar -C "$1" -cf - outputs | sha256sum', 'sh', home]);
      const named = join(root, `bare-${uploads++}`);
      execFileSync('ln', [tar, named]);
      await createServices().uploadArtifact('', [named], root, { raw: true });
    });
  const name = `1 GiB of ${kind} brought back and uploaded`;
  const row = await compare({ name, against: 'tar | sha256sum, bare upload' }, 2, ours, reference);
  rmSync(home, { recursive: true });
  rmSync(tar);
  return row;
}

async function measureMany(root: HostPath): Promise<BenchRow> {
  const home = join(root, 'many');
  for (let folder = 0; folder < SMALL_FILES / 100; folder++) {
    const path = join(home, 'outputs', `folder-${folder}`);
    mkdirSync(path, { recursive: true });
    for (let at = 0; at < 100; at++)
      writeFileSync(
        join(path, `file-${at}.txt`),
        `file ${at} of ${folder}\n`.repeat(1 + (at % 40)),
      );
  }
  const ours = () =>
    timed(async () => {
      const directory = join(root, 'artifact');
      const paths = await bringBack(home, directory, root);
      if (paths.length !== SMALL_FILES) throw new Error(`${paths.length} files came back`);
    }).finally(() => rmSync(join(root, 'artifact'), { recursive: true }));
  const reference = () =>
    timed(async () => {
      const script = 'mkdir "$2" && tar -C "$1" -cf - outputs | tar -C "$2" -xf -';
      execFileSync('sh', ['-c', script, 'sh', home, join(root, 'copy')]);
    }).finally(() => rmSync(join(root, 'copy'), { recursive: true }));
  const name = '100,000 small files brought back';
  return await compare({ name, against: 'tar | tar' }, 1, ours, reference);
}

/** What the action does with outputs until they are uploaded: paths on the runner. */
async function bringBack(home: HostPath, directory: HostPath, root: HostPath) {
  const limit = (value: number) => ({ value, source: 'bench' });
  const plan = {
    ...makePlan(root, home),
    outputs: { value: [], source: 'bench' },
    resultFile: join(home, 'none'),
    limits: { minutes: limit(1), idleMinutes: limit(0), outputMib: limit(2048) },
  };
  const nothing = { baseCommit: '', baseTree: '' };
  const { files, clean } = await collect(localMachine(home), plan, nothing, directory, {
    bundles: join(root, 'bundles'),
    timeoutMs: 600_000,
    search: searchSecrets(SECRETS),
  });
  const cleaned = await cleanFiles(files, directory, createRedactor(SECRETS), 'keep', clean);
  return cleaned.files.map(({ path }) => join(directory, path));
}

const HOST = {
  cancelled: new AbortController().signal,
  log: { warning: (message: string) => process.stderr.write(`${message}\n`) },
} as unknown as Host;

async function timed(work: () => Promise<void>): Promise<number> {
  // What is still to be written of the round before must not be counted.
  execFileSync('sync');
  const started = performance.now();
  await work();
  return performance.now() - started;
}

function noise(length: number): Buffer {
  const blocks: Buffer[] = [];
  for (let at = 0; at * 64 < length; at++)
    blocks.push(createHash('sha512').update(`${at}`).digest());
  return Buffer.concat(blocks, length);
}

function text(length: number): Buffer {
  const line = (at: number) =>
    `  const value${at} = read("name-${at * 7919}"); // why ${at % 91}\n`;
  const lines = Array.from({ length: Math.ceil(length / 40) }, (_, at) => line(at));
  return Buffer.from(lines.join('')).subarray(0, length);
}

if (import.meta.main) console.table(await benchOutputs());
