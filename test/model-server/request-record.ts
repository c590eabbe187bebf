/** What a model server was asked, and whether the right credential came with it. */
import type { IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';

export type ModelServerRequest = {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: IncomingMessage['headers'];
  /** Parsed where it is JSON. */
  readonly body: unknown;
  /** Head and body as text, to look for what must not be there. */
  readonly raw: string;
};

export async function recordRequest(request: IncomingMessage): Promise<ModelServerRequest> {
  const { method = '', url = '', headers, rawHeaders } = request;
  const body = await text(request);
  const [path = '', query = ''] = url.split(/\?(.*)/s);
  const raw = [method, url, ...rawHeaders, body].join('\n');
  return { method, path, query, headers, body: parse(body), raw };
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return body;
  }
}

/** The header, in lower case, and the value that the gateway puts in for the guest's placeholder. */
export type Credential = {
  readonly header: string;
  readonly value: string;
  readonly placeholder: string;
};

export function carriesCredential(request: ModelServerRequest, credential: Credential): boolean {
  return request.headers[credential.header] === credential.value;
}

/** Throws unless there were requests, each with the credential, none with the placeholder anywhere. */
export function assertCredential(
  requests: readonly ModelServerRequest[],
  credential: Credential,
): void {
  const { header, placeholder } = credential;
  if (requests.length === 0) throw new Error('No request has arrived.');
  for (const request of requests) {
    const which = `${request.method} ${request.path}`;
    if (!carriesCredential(request, credential)) {
      throw new Error(`${which} came without the injected credential in ${header}.`);
    }
    if (request.raw.includes(placeholder)) {
      throw new Error(`${which} came with the guest's placeholder.`);
    }
  }
}
