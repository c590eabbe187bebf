/** A plan for an agent alone, with nothing of it but what its run asks for. */
import { join } from 'node:path';
import type { AgentPlan } from '../../src/agent/run.ts';

export type Plan = AgentPlan;

/** Of a plain command that runs `script`. */
export function planOf(script: string, changes: Partial<Plan> = {}): Plan {
  return {
    runId: 'hello-abcde',
    agent: {
      name: { value: 'hello', source: 'test' },
      bottles: { value: ['dev'], source: 'test' },
      provider: { value: 'command', source: 'test' },
      program: { value: { kind: 'command' }, source: 'default' },
      argv: ['/bin/sh', '-c', script],
      resume: { argv: [], session: '{session}' },
      exitCodes: {},
      sessionPaths: [],
      prices: null,
      outputSchema: null,
    },
    limits: {
      minutes: { value: 1, source: 'test' },
      idleMinutes: { value: 0, source: 'test' },
      outputMib: { value: 1, source: 'test' },
      turns: { value: null, source: 'test' },
      costUsd: { value: null, source: 'test' },
    },
    env: [
      { name: 'MODE', kind: 'literal', value: 'of the manifest', source: 'test' },
      { name: 'NPM', kind: 'host', hostVar: 'NPM_TOKEN', source: 'test' },
    ],
    provision: {
      workspace: { from: '/', to: '/tmp', exclude: [], pinned: [] },
      prompt: { text: '', to: '/home/node/prompt' },
      skills: { list: [], to: '/home/node/skills' },
      task: { text: 'the task', to: '/home/node/task' },
      outputDirectory: '/home/node/output',
      gitUser: { name: 'a', email: 'b' },
      session: [],
      agentFiles: [],
    },
    resultFile: '/home/node/result',
    ...changes,
  };
}

/** The limits of `planOf`, but for these. */
export function limited(limits: Readonly<Record<string, number>>): Plan['limits'] {
  const given = Object.entries(limits).map(([name, value]) => [name, { value, source: 'test' }]);
  return { ...planOf('').limits, ...Object.fromEntries(given) };
}

/** Where on the runner it is kept. */
export const filesIn = (directory: string) => ({
  raw: join(directory, 'agent.log'),
  stderr: join(directory, 'agent.stderr.log'),
  events: join(directory, 'transcript.jsonl'),
});
