/** What programs that we start get as their environment, whatever the toolkit does to our own. */
import { execFile, execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';

const PROCESS = fileURLToPath(new URL('save-process.ts', import.meta.url));

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'environment-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('the tools of a save that goes on are for the cache client alone', async () => {
  const tools = join(folder, 'tools');
  mkdirSync(tools);
  execFileSync('mkfifo', [join(tools, 'started'), join(tools, 'go')]);
  const zstd = join(tools, 'zstd');
  writeFileSync(zstd, `#!/bin/sh\ncd '${tools}'\n: >started\n: <go\n`);
  chmodSync(zstd, 0o755);

  const result = join(folder, 'result');
  const env = { PATH: process.env.PATH, RUNNER_TEMP: folder, GITHUB_WORKSPACE: folder };
  await promisify(execFile)(process.execPath, [PROCESS, tools, result], { env });

  const { before, client, after, ...seen } = JSON.parse(readFileSync(result, 'utf8'));
  expect(client).toBe(`${tools}${delimiter}${before}`);
  expect(seen).toMatchObject({ env: before, child: before, saved: false });
  expect(seen.zstd).not.toBe(zstd);
  expect(after).toBe(before);
});
