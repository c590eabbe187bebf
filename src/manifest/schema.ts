/** The schema of a manifest: the one place that says what it may hold. Types and docs follow it. */
import { z } from 'zod';
import { egress, egressGroups } from './egress.ts';
import { agentGitGate, gitGate } from './git-gate.ts';
import { image } from './image.ts';
import { mcpServers } from './mcp.ts';
import {
  distinct,
  entryName,
  environmentEntry,
  guestGlob,
  guestVariable,
  relativePath,
  segment,
} from './name.ts';
import { agentProvider } from './provider.ts';

const outputs = distinct(guestGlob).describe(
  'What is brought back: globs relative to the workspace, or from the guest’s home with `~/`.',
);

const machine = z.strictObject({
  cpus: z.int().min(1).max(256).optional().describe('Virtual processors.'),
  memory_mib: z.int().min(256).max(4_194_304).optional().describe('Memory in MiB.'),
  storage_gib: z.int().min(1).max(16_384).optional().describe('Disk in GiB.'),
});

const limits = z.strictObject({
  minutes: z.number().gt(0).max(4320).optional().describe('Longest run of the agent.'),
  idle_minutes: z.number().min(0).max(4320).optional().describe('Longest silence; 0 for no limit.'),
  turns: z.int().min(1).optional().describe('Most turns of the agent.'),
  cost_usd: z
    .number()
    .gt(0)
    .max(1_000_000)
    .optional()
    .describe('Most US dollars, as the agent or `agent_provider.prices` reckon them.'),
  tokens: z.int().min(1).optional().describe('Most tokens, in and out, as the model API counts.'),
  requests: z.int().min(1).optional().describe('Most requests to model APIs.'),
  output_mib: z.number().gt(0).max(102_400).optional().describe('Largest total of outputs.'),
});

const workspace = z.strictObject({
  path: relativePath.optional().describe('The directory of the checkout that the guest gets.'),
  exclude: distinct(relativePath).optional().describe('Globs below it that stay out.'),
});

export const bottleSchema = z
  .strictObject({
    extends: entryName.optional().describe('The bottle that this one is laid over.'),
    env: z
      .record(guestVariable, environmentEntry)
      .optional()
      .describe(
        'Variables of the guest, merged name by name. ' +
          `A text, or \`\${NAME}\` for a variable of the step’s \`env\`.`,
      ),
    agent_provider: agentProvider.optional().describe('The agent’s program.'),
    'git-gate': gitGate.optional().describe('Who commits, and which remotes the gate speaks to.'),
    egress: egress.optional().describe('Hosts that the bottle may reach; absent: none.'),
    egress_groups: egressGroups
      .optional()
      .describe('Lists of routes for `egress.presets` to name, merged name by name.'),
    mcp_servers: mcpServers.optional(),
    image: image.optional().describe('What the machine boots from: exactly one source.'),
    machine: machine.optional().describe('Size of the machine.'),
    limits: limits.optional().describe('Where a run is ended; what was made by then is kept.'),
    workspace: workspace.optional().describe('What the guest works on.'),
    outputs: outputs.optional(),
    engine: z.enum(['smolvm', 'bubblewrap']).optional().describe('What boots the machine.'),
  })
  .meta({ id: 'bottle' });

const ignored = z
  .unknown()
  .optional()
  .describe('Ignored here; read by Claude Code from the same file.');

export const agentSchema = z
  .strictObject({
    bottle: entryName
      .optional()
      .describe('The bottle that it runs in, unless the step names others.'),
    skills: distinct(segment)
      .optional()
      .describe('Skills that are copied into the guest, by name.'),
    prompt: z
      .string()
      .max(1_048_576)
      .optional()
      .describe('Added to the agent’s system prompt. In a Markdown file the body is the prompt.'),
    'git-gate': agentGitGate
      .optional()
      .describe('Who commits; laid over the bottle’s, field by field.'),
    outputs: outputs.optional(),
    output_schema: z
      .record(z.string(), z.unknown())
      .optional()
      .describe('JSON Schema of the structured result that the agent shall give.'),
    name: ignored,
    description: ignored,
    model: ignored,
    color: ignored,
    memory: ignored,
  })
  .meta({ id: 'agent' });

export const manifestSchema = z.strictObject({
  $schema: z.string().optional().describe('For editors: where this schema is.'),
  bottles: z.record(entryName, bottleSchema).optional().describe('Bottles by name.'),
  agents: z.record(entryName, agentSchema).optional().describe('Agents by name.'),
});

export type Bottle = z.output<typeof bottleSchema>;
export type Agent = z.output<typeof agentSchema>;
