/** The agent's own service: tools to see what it may reach and to say what it lacks, over MCP. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { GatewayRoute, SuperviseRequest } from './protocol.ts';
import { makeRecorder } from './supervise/recorder.ts';

const MAX_BODY_BYTES = 256 * 1024;
/** JSON-RPC 2.0, 5.1; the first of those that are left to servers. */
const RPC_ERROR = { parse: -32700, invalidRequest: -32600, refused: -32000 };

/** Answers requests to `/mcp`: streamable HTTP without sessions, one message a request. */
export function makeSupervise(
  routes: readonly GatewayRoute[],
  send: (request: SuperviseRequest) => void,
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  const desk = { routes, record: makeRecorder(send) };
  return async (request, response) => {
    if (request.method !== 'POST') {
      response.setHeader('Allow', 'POST');
      return refuse(response, 405, RPC_ERROR.refused, 'only POST is answered here');
    }
    const body = await readBody(request);
    if (body === undefined) {
      response.setHeader('Connection', 'close');
      const message = `a request has at most ${MAX_BODY_BYTES} bytes`;
      return refuse(response, 413, RPC_ERROR.refused, message);
    }
    const message = parseJson(body);
    if (message === undefined) {
      return refuse(response, 400, RPC_ERROR.parse, 'the request is not JSON');
    }
    // A batch may hold a request and its cancellation, and such a request is never answered.
    if (Array.isArray(message)) {
      return refuse(response, 400, RPC_ERROR.invalidRequest, 'batches are not taken');
    }
    // The SDK takes 100 ms to load: only when an agent asks.
    const { answerMessage } = await import('./supervise/answer.ts');
    const answer = await answerMessage(desk, request.headers, message);
    response.writeHead(answer.status, Object.fromEntries(answer.headers));
    response.end(await answer.text());
  };
}

/** Undefined when it is too large; then the rest is not read. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function refuse(response: ServerResponse, status: number, code: number, message: string): void {
  response.writeHead(status, { 'Content-Type': 'application/json' });
  response.end(JSON.stringify({ jsonrpc: '2.0', error: { code, message }, id: null }));
}
