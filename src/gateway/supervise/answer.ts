/** One message of MCP and its answer. Loads the SDK: import it only when an agent asks. */
import type { IncomingHttpHeaders } from 'node:http';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js';
import { type Desk, registerTools } from './tool.ts';

/** What the SDK looks at; the rest of what the guest sends does not reach it. */
const HEADERS = ['accept', 'content-type', 'mcp-protocol-version'];

/** Without a session each message has a server of its own, as the SDK demands. */
export async function answerMessage(
  desk: Desk,
  headers: IncomingHttpHeaders,
  message: unknown,
): Promise<Response> {
  const server = new McpServer({ name: 'bottle', version: '1.0.0' });
  registerTools(server, desk);
  const transport = new WebStandardStreamableHTTPServerTransport({ enableJsonResponse: true });
  await server.connect(transport);
  try {
    const request = new Request('http://localhost/mcp', {
      method: 'POST',
      headers: HEADERS.flatMap((name) => {
        const value = headers[name];
        return typeof value === 'string' ? [[name, value] as [string, string]] : [];
      }),
    });
    return await transport.handleRequest(request, { parsedBody: message });
  } finally {
    await server.close();
  }
}
