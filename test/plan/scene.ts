/** Requests for a plan: a real manifest from files in memory, inputs as a step without any has them. */
import { fileURLToPath } from 'node:url';
import { findProvider, type Provider } from '../../src/agent/provider.ts';
import { type Inputs, readInputs } from '../../src/inputs.ts';
import { loadManifest } from '../../src/manifest/load.ts';
import { selectBottle } from '../../src/manifest/select.ts';
import { makePlan, type PlanRequest } from '../../src/plan/make-plan.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { memoryFiles } from '../manifest/memory-files.ts';
import { readActionFile } from '../runner/action-file.ts';
import { SCOPE } from './no-session.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export type Files = Readonly<Record<string, string>>;

/** What differs from a step that gives a task and nothing else. */
export type Given = Partial<Omit<PlanRequest, 'inputs' | 'selected'>> & {
  readonly inputs?: Partial<Inputs>;
};

const GIVEN: Readonly<Record<string, string>> = { task: 'Do it.', mode: 'plan', token: '' };
const { inputs: DECLARED_INPUTS } = await readActionFile(ROOT);

const INPUTS = readInputs({
  input: (name) => GIVEN[name] ?? DECLARED_INPUTS[name]?.default ?? '',
  env: { GITHUB_WORKSPACE: '/checkout' },
});

const TRUST: PlanRequest['trust'] = {
  ref: { kind: 'worktree' },
  head: 'trusted',
  cacheTrusted: true,
  dropCredentials: false,
  reason: 'A local run; the manifest is read from the files as they are checked out.',
  notices: [],
};

const REGISTRIES: PlanRequest['registries'] = [
  { preset: 'npm', host: 'packages.example', port: 443 },
  { preset: 'go', host: 'modules.example', port: 8443 },
];

/** The real one, but what it prepares is of no interest. */
export function stubProvider(
  template: Provider['template'],
  argv: readonly string[] = ['agent'],
): Provider {
  const skills = '/home/node/.claude/skills';
  const nothing = { files: [], env: {}, exitCodes: {}, notices: [] };
  const prepare = () => ({ argv, skills, ...nothing });
  return { ...findProvider(template), resumes: false, prepare };
}

export async function requestOf(files: Files, { inputs, ...given }: Given = {}) {
  const whole: Inputs = { ...INPUTS, ...inputs };
  const selected = selectBottle(await loadManifest(memoryFiles(files)), whole);
  const request: PlanRequest = {
    inputs: whole,
    selected,
    provider: stubProvider(selected.bottle.agent_provider.template),
    task: 'Do it.',
    skills: [],
    guestSkillsDirectory: '',
    workspace: '/checkout',
    smolfile: '',
    lock: { file: '.bot-bottle/images.lock', text: '' },
    trust: TRUST,
    pinned: [],
    arch: 'x64',
    facts: { cores: 8, memoryMib: 16_384, freeMemoryMib: 16_384, freeDiskGib: 100 },
    suffix: 'abc12',
    registries: REGISTRIES,
    repository: 'octo/hello',
    checkout: { origin: 'https://github.com/octo/hello', server: 'https://github.com' },
    trigger: { number: 0, branch: 'main' },
    hostVariables: new Set(),
    scope: SCOPE,
    session: undefined,
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

/** All that a manifest can declare about reach, with a credential of each kind that a command has. */
export const DECLARED = directory(
  [
    'engine: bubblewrap',
    `env: { KEY: "\${API_KEY}" }`,
    'egress:',
    '  mode: learn',
    '  presets: [npm]',
    '  routes:',
    '    - host: plain.example',
    '    - host: API.example',
    '      auth: { scheme: Bearer, token_ref: API_TOKEN }',
    '  max_bytes: 7',
    'git-gate:',
    '  repos:',
    '    site.main:',
    '      url: https://git.example/site',
    '      key: { provider: token, token_ref: SITE_TOKEN }',
    'limits: { tokens: 9, requests: 8, turns: 9 }',
  ].join('\n'),
  'output_schema: { type: object }',
);
