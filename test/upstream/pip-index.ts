/** A Python package index (PEP 503) with one wheel that is made when it starts; needs python3. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import type { Respond } from './upstream.ts';

export function pipIndex(name: string): Respond {
  const file = `${name}-1.0.0-py3-none-any.whl`;
  const wheel = makeWheel(name);
  const digest = createHash('sha256').update(wheel).digest('hex');
  const listing = `<!DOCTYPE html><a href="/files/${file}#sha256=${digest}">${file}</a>`;
  return (request, response) => {
    if (request.url === `/simple/${name}/`) {
      response.writeHead(200, { 'Content-Type': 'text/html' }).end(listing);
    } else if (request.url === `/files/${file}`) {
      response.writeHead(200, { 'Content-Type': 'application/zip' }).end(wheel);
    } else {
      response.writeHead(404).end();
    }
  };
}

/** A wheel is a zip with three files of metadata (PEP 427). */
function makeWheel(name: string): Buffer {
  const info = `${name}-1.0.0.dist-info`;
  const files = {
    [`${name}.py`]: `NAME = ${JSON.stringify(name)}\n`,
    [`${info}/METADATA`]: `Metadata-Version: 2.1\nName: ${name}\nVersion: 1.0.0\n`,
    [`${info}/WHEEL`]: 'Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n',
    [`${info}/RECORD`]: `${name}.py,,\n${info}/METADATA,,\n${info}/WHEEL,,\n${info}/RECORD,,\n`,
  };
  const script = `import io, json, sys, zipfile
out = io.BytesIO()
with zipfile.ZipFile(out, "w") as archive:
    for path, text in json.load(sys.stdin).items():
        archive.writestr(path, text)
sys.stdout.buffer.write(out.getvalue())`;
  return execFileSync('python3', ['-c', script], { input: JSON.stringify(files) });
}
