/** The schema of `egress` and `egress_groups`: which hosts a bottle reaches. */
import { z } from 'zod';
import { distinct, entryName, hostVariable, line } from './name.ts';
import { routes } from './route.ts';

/** Groups of routes that come with the action; what stands behind each name is the plan's. */
export const PRESETS = [
  'anthropic',
  'openai',
  'google',
  'github',
  'npm',
  'pypi',
  'crates',
  'go',
  'debian',
] as const;

const groupName = entryName.refine((name) => !PRESETS.some((preset) => preset === name), {
  error: 'belongs to a preset of the action; choose another',
});

export const egressGroups = z.record(groupName, routes);

const repository = line
  .max(140)
  .regex(/^[A-Za-z0-9][A-Za-z0-9_-]*\/(?!\.{1,2}$)[A-Za-z0-9._-]+(?<!\.git)$/, {
    error: 'must be `owner/repository`, as in its address on GitHub, without `.git`',
  });

const mutation = z
  .string()
  .max(100)
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, { error: 'must be the name of a GraphQL mutation' });

const github = z.strictObject({
  repositories: distinct(repository)
    .min(1)
    .optional()
    .describe('Repositories as `owner/repository`; default the workflow’s own.'),
  token_ref: hostVariable
    .optional()
    .describe('Name of the variable in the step’s `env` that holds the token; absent: none.'),
  write: z
    .boolean()
    .optional()
    .describe('Whether requests may change them: pushes, and all methods of the API.'),
  mutations: distinct(mutation)
    .optional()
    .describe('GraphQL mutations that may pass, by name; default none. GraphQL needs `token_ref`.'),
});

export const egress = z.strictObject({
  mode: z
    .enum(['enforce', 'learn'])
    .optional()
    .describe(
      '`enforce` (default) denies what no route allows; `learn` denies it too and prints the routes ' +
        'that the run used and missed.',
    ),
  presets: distinct(entryName)
    .optional()
    .describe(
      `Groups of routes: ${PRESETS.map((name) => `\`${name}\``).join(', ')}, or a name of \`egress_groups\`.`,
    ),
  github: github.optional().describe('What the preset `github` reaches.'),
  routes: routes.optional().describe('Hosts that the bottle may reach, one entry a host.'),
  max_bytes: z
    .int()
    .min(1)
    .optional()
    .describe('Largest total of bytes through the gateway, both ways.'),
});
