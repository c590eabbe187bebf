/** The schema of `mcp_servers`: tools that the agent gets beside its own. */
import { z } from 'zod';
import { guestVariable, line } from './name.ts';

const ADDRESS = 'must be an http or https address, without user and fragment';

const literal = z
  .string()
  .max(32_768)
  .regex(/^(?!.*\$\{)[^\u0000-\u0008\u000a-\u001f\u007f]*$/, {
    error: 'must be one line without `$`{…}: a credential belongs to a route’s `auth`',
  });

const server = z
  .strictObject({
    url: line
      .max(2048)
      .regex(/^https?:\/\/[^\s/@?#\\]+(?:[/?][^\s#\\]*)?$/, { error: ADDRESS, abort: true })
      .refine((text) => URL.canParse(text), { error: ADDRESS })
      .optional()
      .describe('Where it answers (streamable HTTP). Its host needs a route in `egress`.'),
    headers: z
      .record(
        z
          .string()
          .max(100)
          .regex(/^[A-Za-z0-9-]+$/),
        literal,
      )
      .optional()
      .describe('Beside `url`: sent with each request. Credentials belong to the route’s `auth`.'),
    command: line
      .optional()
      .describe('Instead of `url`: a program of the guest that speaks MCP over stdin and stdout.'),
    args: z.array(literal).max(200).optional().describe('Beside `command`: its arguments.'),
    env: z
      .record(guestVariable, literal)
      .optional()
      .describe('Beside `command`: more for its environment.'),
  })
  .superRefine(
    (value, context) => {
      const refuse = (path: string[], message: string) =>
        context.addIssue({ code: 'custom', path, message });
      const { url, command } = value;
      if ((url === undefined) === (command === undefined)) {
        refuse([], 'must have either `url` or `command`');
      }
      if (url === undefined && value.headers) refuse(['headers'], 'goes with `url` only');
      for (const field of ['args', 'env'] as const) {
        if (command === undefined && value[field]) refuse([field], 'goes with `command` only');
      }
    },
    { when: ({ value }) => typeof value === 'object' && value !== null },
  )
  .meta({
    oneOf: [
      { required: ['url'], properties: { command: false, args: false, env: false } },
      { required: ['command'], properties: { url: false, headers: false } },
    ],
  });

const name = z
  .string()
  .max(63)
  .regex(/^(?!supervise$)[a-z][a-z0-9_-]*$/, {
    error:
      'must be lower-case letters, digits, hyphens and underscores, beginning with a letter, ' +
      'and not `supervise`, which is the gateway’s own',
  });

export const mcpServers = z
  .record(name, server)
  .describe('MCP servers that the agent gets beside the gateway’s own, by name.');
