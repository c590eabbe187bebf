/** Builds `dist/`: tsc to `build/`, one ncc bundle for each entry, and the licences of what is in them. */
import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { getLicenseFileText } from 'generate-license-file';

const root = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '');
const outDir = process.argv[2] ?? 'dist';

function run(program: string, ...args: string[]): void {
  execFileSync(process.execPath, [`${root}/node_modules/${program}`, ...args], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

rmSync(`${root}/build`, { recursive: true, force: true });
rmSync(outDir.startsWith('/') ? outDir : `${root}/${outDir}`, { recursive: true, force: true });
run('typescript/bin/tsc', '-p', 'tsconfig.build.json');
for (const entry of ['main', 'post', 'gateway', 'merge', 'apply']) {
  // No minification and no source map: what runs is what a reviewer reads.
  run('@vercel/ncc/dist/ncc/cli.js', 'build', `build/${entry}.js`, '-o', `${outDir}/${entry}`);
}
const licences = await getLicenseFileText(`${root}/package.json`, {
  replace: {
    'buffers@0.1.1': `${root}/scripts/licence/buffers.txt`,
    // Both of its licences: the second is of the library that it was translated from.
    'boundary@2.0.0': `${root}/scripts/licence/boundary.txt`,
  },
});
writeFileSync(`${outDir}/LICENSES.txt`, licences);
