/**
 * Saves to the cache with the stand-in tools in the folder argv[2], and writes to argv[3] what the host
 * gives to programs while the client works. Its `zstd` says so through one pipe, and ends by another.
 */
import { writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createHost } from '../../src/host/actions.ts';
import { createServices } from '../../src/host/services.ts';

const tools = process.argv[2] ?? '';
const resultFile = process.argv[3] ?? '';
const before = process.env.PATH;
const host = createHost();
// There is nothing to save, which the client notices only after it has asked for its tools.
const saving = createServices().saveCache([join(tools, 'nothing')], 'a-key', { tools });
await readFile(join(tools, 'started'));
const during = {
  client: process.env.PATH,
  env: host.env.PATH,
  child: (await host.run(['/bin/sh', '-c', 'printf %s "$PATH"'])).stdout,
  zstd: host.which('zstd') ?? '',
};
writeFileSync(join(tools, 'go'), '');
const saved = await saving.catch(() => false);
writeFileSync(resultFile, JSON.stringify({ before, ...during, saved, after: process.env.PATH }));
host.exit();
