/** The tools that an agent sees, and what each of them answers in CI, where nobody can agree. */
import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { z } from 'zod';
import type { GatewayRoute } from '../protocol.ts';
import type { Recorder } from './recorder.ts';
import { listRoutes } from './route-list.ts';

export type Desk = { readonly routes: readonly GatewayRoute[]; readonly record: Recorder };

const text = z.string().min(1);
const reason = text.describe('Why the task needs it: people read this after the run.');

export function registerTools(server: McpServer, { routes, record }: Desk): void {
  server.registerTool(
    'list_egress_routes',
    {
      description:
        'Lists the hosts that can be reached from here, and the kinds of requests that are ' +
        'allowed there. Everything else is denied.',
    },
    () => answer(listRoutes(routes)),
  );
  server.registerTool(
    'request_egress',
    {
      description:
        'Asks for a host that is denied. Nobody can agree during the run: the request is ' +
        'recorded, so that people can allow it for the next one.',
      inputSchema: {
        host: text.describe('Host name, without scheme or path.'),
        port: z.int().min(1).max(65_535).optional().describe('443 when it is left out.'),
        methods: z.array(text).max(20).optional().describe('For example ["GET"].'),
        paths: z.array(text).max(100).optional().describe('For example ["/v1/models"].'),
        reason,
      },
    },
    ({ host, port = 443, methods = [], paths = [], ...rest }) => {
      const lists = { methods: methods.join('\n'), paths: paths.join('\n') };
      return decline(record('request_egress', { host, port: `${port}`, ...lists, ...rest }));
    },
  );
  server.registerTool(
    'request_capability',
    {
      description:
        'Asks for anything else that is missing here, such as a program, a credential or more ' +
        'time. The request is recorded, so that people can see to it for the next run.',
      inputSchema: { capability: text.describe('What is missing.'), reason },
    },
    (fields) => decline(record('request_capability', fields)),
  );
  server.registerTool(
    'report_status',
    {
      description: 'Says how the work goes, for the people who read about the run afterwards.',
      inputSchema: {
        status: text.describe('One word, such as working, blocked or done.'),
        message: text.describe('One or two sentences.'),
      },
    },
    (fields) => {
      const recorded = record('report_status', fields);
      return answer(recorded ? 'recorded: go on with the task.' : 'not recorded any more: go on.');
    },
  );
}

function decline(recorded: boolean) {
  return answer(
    recorded
      ? 'denied, recorded: nobody can allow this during the run, but people will read the ' +
          'request after it, so go on without and say in your result what is missing because of it.'
      : 'denied, not recorded any more: there were too many requests in this run, so go on ' +
          'without and say in your result what is missing because of it.',
  );
}

function answer(content: string) {
  return { content: [{ type: 'text' as const, text: content }] };
}
