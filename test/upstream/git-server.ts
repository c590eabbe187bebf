/** Git over HTTP, served by git's own program for it (git-http-backend(1)). */
import { spawn } from 'node:child_process';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Respond } from './upstream.ts';

/** Serves all repositories below `root`, for reading and for pushing. */
export function gitServer(root: string, credential?: { authorization: string }): Respond {
  return (request, response) => {
    if (credential && request.headers.authorization !== credential.authorization) {
      response.writeHead(401, { 'WWW-Authenticate': 'Basic realm="git"' }).end();
      return;
    }
    const backend = spawn('git', ['http-backend'], { env: environmentOf(request, root) });
    backend.on('error', () => response.destroy());
    backend.stdin.on('error', () => {});
    request.pipe(backend.stdin);
    answerFrom(backend.stdout, response);
  };
}

/** RFC 3875's meta-variables, as far as git reads them. */
function environmentOf(request: IncomingMessage, root: string): Record<string, string> {
  const { pathname, search } = new URL(request.url ?? '/', 'http://git.test');
  const { headers } = request;
  return {
    PATH: process.env.PATH ?? '',
    GIT_PROJECT_ROOT: root,
    GIT_HTTP_EXPORT_ALL: '1',
    // Pushing is for those who have a name.
    REMOTE_USER: 'agent',
    REQUEST_METHOD: request.method ?? '',
    PATH_INFO: decodeURIComponent(pathname),
    QUERY_STRING: search.slice(1),
    CONTENT_TYPE: headers['content-type'] ?? '',
    HTTP_CONTENT_ENCODING: headers['content-encoding']?.toString() ?? '',
    HTTP_GIT_PROTOCOL: headers['git-protocol']?.toString() ?? '',
    ...(headers['content-length'] ? { CONTENT_LENGTH: headers['content-length'] } : {}),
  };
}

function answerFrom(output: NodeJS.ReadableStream, response: ServerResponse): void {
  let head = Buffer.alloc(0);
  const readHead = (chunk: Buffer) => {
    head = Buffer.concat([head, chunk]);
    const end = head.indexOf('\r\n\r\n');
    if (end < 0) return;
    output.off('data', readHead);
    let status = 200;
    for (const line of head.subarray(0, end).toString('latin1').split('\r\n')) {
      const [, name = '', value = ''] = /^([^:]+): *(.*)$/.exec(line) ?? [];
      if (name === 'Status') status = Number.parseInt(value, 10);
      else response.appendHeader(name, value);
    }
    response.writeHead(status);
    response.write(head.subarray(end + 4));
    output.pipe(response);
  };
  output.on('data', readHead);
}
