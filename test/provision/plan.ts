/** The plan of a run that does nothing but be provisioned. */
import { join } from 'node:path';
import type { Plan, ProvisionPlan } from '../../src/plan/plan.ts';

export function makePlan(workspace: string, home: string, parts: Partial<ProvisionPlan>): Plan {
  const sourced = <T>(value: T) => ({ value, source: 'test' });
  return {
    version: 1,
    runId: 'demo-abc12',
    agent: {
      name: sourced('demo'),
      bottles: sourced(['dev']),
      provider: sourced('command'),
      argv: ['true'],
    },
    engine: sourced('bubblewrap'),
    isolation: 'namespaces',
    machine: {
      name: 'bottle-demo-abc12',
      cpus: sourced(1),
      memoryMib: sourced(512),
      storageGib: sourced(1),
    },
    image: sourced({ kind: 'host' }),
    cache: sourced('off'),
    user: { name: 'agent', uid: 1000, gid: 1000, home },
    socket: '/run/bottle/gateway.sock',
    env: [],
    provision: {
      workspace: { from: workspace, to: join(home, 'workspace'), exclude: [] },
      prompt: { text: '', to: join(home, '.claude-bottle-prompt.txt') },
      skills: { list: [], to: join(home, '.claude', 'skills') },
      task: { text: 'Do it.\n', to: join(home, 'task.txt') },
      outputDirectory: join(home, 'outputs'),
      gitUser: { name: 'Bottle Agent', email: 'agent@example.com' },
      ...parts,
    },
    limits: { minutes: sourced(1), idleMinutes: sourced(0), outputMib: sourced(10) },
    outputs: sourced([]),
    resultFile: join(home, 'result.md'),
    artifact: { name: 'bottle', retentionDays: 0 },
  };
}
