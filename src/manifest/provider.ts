/** The schema of `agent_provider`: which program the agent is, and how it is paid for. */
import { z } from 'zod';
import { FAILURE_REASONS } from '../errors.ts';
import { normaliseHost } from './host.ts';
import { hostVariable, line } from './name.ts';

const TEMPLATES = ['claude', 'codex', 'gemini', 'opencode', 'command'] as const;

/** Fields that speak of a model's API, of which a plain command has none. */
const MODEL_FIELDS = [
  'auth_token',
  'base_url',
  'forward_host_credentials',
  'version',
  'model',
] as const;

const BASE_URL =
  'must be an https address such as https://models.example.com/v1: a host name, no user, query or ' +
  'fragment';

const COMMAND_FIELDS = ['command', 'exit_codes'] as const;

/** Plain http is no choice: a token never travels on it. */
const baseUrl = line
  .max(2048)
  .regex(/^https:\/\/[^\s/:@?#%*\\[\]]+(?::\d+)?(?:\/[^\s?#\\]*)?$/, {
    error: BASE_URL,
    abort: true,
  })
  .refine((text) => URL.canParse(text) && normaliseHost(new URL(text).hostname) !== undefined, {
    error: BASE_URL,
  });

/** No range and no tag: what runs shall not change by itself. */
const version = line.max(100).regex(/^\d+\.\d+\.\d+(?:-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?$/, {
  error: 'must be one version, such as 1.2.3: no range and no tag',
});

const argv = z
  .array(
    z
      .string()
      .max(4096)
      .regex(/^[^\u0000]*$/),
  )
  .min(1);
const script = z
  .string()
  .min(1)
  .max(65_536)
  .regex(/^[^\u0000]*$/);

const price = z.number().min(0).max(100_000);

const prices = z.strictObject({
  input: price.describe('US dollars for a million tokens that did not come from the cache.'),
  output: price.describe('US dollars for a million tokens of its answers.'),
  cache_read: price.optional().describe('For tokens from the cache; default: as `input`.'),
  cache_write: price.optional().describe('For tokens into the cache; default: as `input`.'),
});

export const agentProvider = z
  .strictObject({
    template: z.enum(TEMPLATES).optional().describe('The kind of agent; default `claude`.'),
    auth_token: hostVariable
      .optional()
      .describe('Name of the variable in the step’s `env` that holds the model API’s token.'),
    base_url: baseUrl
      .optional()
      .describe('Where the model API is, instead of at its vendor; `opencode` has no vendor.'),
    forward_host_credentials: z
      .boolean()
      .optional()
      .describe(
        '`codex` only: use the login that the runner’s own `codex` has; not in this version.',
      ),
    command: z
      .union([script, argv], {
        error: 'must be a list (program and arguments) or a text (a script)',
      })
      .optional()
      .describe(
        '`command` only. A list: program and arguments. A text: a script for `/bin/sh -c`. ' +
          'The task is its standard input.',
      ),
    version: version
      .optional()
      .describe(
        'The agent’s program in exactly this version, from npm, instead of the one that the image has.',
      ),
    exit_codes: z
      .record(
        z
          .string()
          .regex(/^(?:[1-9]\d?|1\d\d|2[0-4]\d|25[0-5])$/, { error: 'must be from 1 to 255' }),
        z.enum(FAILURE_REASONS),
      )
      .optional()
      .describe(
        '`command` only: what exit codes of the program mean, such as `"75": rate-limited`.',
      ),
    prices: prices
      .optional()
      .describe('What the model costs, for `limits.cost_usd` and the report.'),
    model: line.max(200).optional().describe('The model that it asks for.'),
  })
  .superRefine(
    (value, context) => {
      const refuse = (field: string, message: string) =>
        context.addIssue({ code: 'custom', path: [field], message });
      if (value.template === 'command') {
        if (value.command === undefined) refuse('template', 'needs `command` beside it');
        for (const field of MODEL_FIELDS) {
          if (value[field] !== undefined) refuse(field, 'does not go with `template: command`');
        }
      } else if (TEMPLATES.includes(value.template ?? 'claude')) {
        for (const field of COMMAND_FIELDS) {
          if (value[field] !== undefined) refuse(field, 'goes with `template: command` only');
        }
      }
      if (value.template === 'opencode' && value.auth_token && value.base_url === undefined) {
        refuse('auth_token', 'needs `base_url` beside it: the address that the token is for');
      }
      if (value.forward_host_credentials === true && value.template !== 'codex') {
        refuse('forward_host_credentials', 'goes with `template: codex` only');
      }
    },
    { when: ({ value }) => typeof value === 'object' && value !== null },
  )
  .meta({
    if: { properties: { template: { const: 'command' } }, required: ['template'] },
    // biome-ignore lint/suspicious/noThenProperty: JSON Schema's own word.
    then: {
      required: ['command'],
      properties: Object.fromEntries(MODEL_FIELDS.map((field) => [field, false])),
    },
    else: { properties: { command: false, exit_codes: false } },
  });
