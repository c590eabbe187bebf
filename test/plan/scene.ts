/** Requests for a plan: a real manifest from files in memory, inputs as a step without any has them. */
import type { Inputs } from '../../src/inputs.ts';
import { loadManifest } from '../../src/manifest/load.ts';
import { selectBottle } from '../../src/manifest/select.ts';
import { makePlan, type PlanRequest } from '../../src/plan/make-plan.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { memoryFiles } from '../manifest/memory-files.ts';

export type Files = Readonly<Record<string, string>>;

/** What differs from a step that gives a task and nothing else. */
export type Given = Partial<Omit<PlanRequest, 'inputs' | 'selected'>> & {
  readonly inputs?: Partial<Inputs>;
};

const INPUTS: Inputs = {
  agent: '',
  task: { kind: 'text', text: 'Do it.' },
  bottles: [],
  mode: 'plan',
  manifest: '',
  manifestRef: 'worktree',
  engine: undefined,
  image: '',
  imageSha256: '',
  cache: 'read-write',
  smolvmVersion: '',
  smolvmSha256: '',
  minutes: undefined,
  idleMinutes: undefined,
  checkout: '/checkout',
  workspace: '/checkout',
  skillsPath: '',
  outputs: [],
  artifactName: '',
  retentionDays: 0,
  push: 'none',
  token: '',
  allowedActors: [],
  allowUntrustedHead: false,
  failOn: [],
};

export async function requestOf(files: Files, { inputs, ...given }: Given = {}) {
  const whole: Inputs = { ...INPUTS, ...inputs };
  const selected = selectBottle(await loadManifest(memoryFiles(files)), whole);
  const request: PlanRequest = {
    inputs: whole,
    selected,
    argv: ['agent'],
    task: 'Do it.',
    skills: [],
    guestSkillsDirectory: '',
    workspace: '/checkout',
    smolfile: '',
    lock: { file: '.bot-bottle/images.lock', text: '' },
    trusted: true,
    facts: { cores: 8, memoryMib: 16_384, freeMemoryMib: 16_384 },
    suffix: 'abc12',
    hostVariables: new Set(),
    ...given,
  };
  return request;
}

export async function planOf(files: Files, given?: Given): Promise<Plan> {
  return makePlan(await requestOf(files, given));
}

/** A manifest of one bottle `dev` and one agent `a`; their own lines begin on the second and third. */
export function directory(bottle: string, agent = ''): Files {
  return {
    '.bot-bottle/bottles/dev.md': `---\n${bottle}\n---\n`,
    '.bot-bottle/agents/a.md': `---\nbottle: dev\n${agent}\n---\n`,
  };
}
