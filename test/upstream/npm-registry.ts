/** An npm registry of packages that are made when it starts. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Respond } from './upstream.ts';

export type NpmPackage = {
  readonly name: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly scripts?: Readonly<Record<string, string>>;
  /** What the registry says of its archive instead of the truth; undefined: nothing. */
  readonly dist?: { readonly integrity: string | undefined };
};

/** Each package has the version 1.0.0 and exports its name. `origin`: under which it is served. */
export function npmRegistry(origin: string, packages: readonly NpmPackage[]): Respond {
  const answers = new Map<string, { type: string; body: Buffer }>();
  for (const { dist: said, ...one } of packages) {
    const manifest = { ...one, version: '1.0.0', main: 'index.js' };
    const tarball = packed(manifest);
    const path = `/${one.name}/-/${one.name}-1.0.0.tgz`;
    const dist = {
      tarball: `${origin}${path}`,
      shasum: createHash('sha1').update(tarball).digest('hex'),
      integrity: `sha512-${createHash('sha512').update(tarball).digest('base64')}`,
      ...said,
    };
    const packument = {
      name: one.name,
      'dist-tags': { latest: '1.0.0' },
      versions: { '1.0.0': { ...manifest, dist } },
    };
    const body = Buffer.from(JSON.stringify(packument));
    answers.set(`/${one.name}`, { type: 'application/json', body });
    answers.set(path, { type: 'application/octet-stream', body: tarball });
  }
  return (request, response) => {
    const answer = answers.get(request.url ?? '');
    if (answer === undefined) return void response.writeHead(404).end('{}');
    response.writeHead(200, { 'Content-Type': answer.type }).end(answer.body);
  };
}

function packed(manifest: NpmPackage): Buffer {
  const directory = mkdtempSync(join(tmpdir(), 'npm-package-'));
  try {
    mkdirSync(join(directory, 'package'));
    writeFileSync(join(directory, 'package/package.json'), JSON.stringify(manifest));
    const index = `module.exports = ${JSON.stringify(manifest.name)};\n`;
    writeFileSync(join(directory, 'package/index.js'), index);
    return execFileSync('tar', ['-czf', '-', '-C', directory, 'package']);
  } finally {
    rmSync(directory, { recursive: true });
  }
}
