/** From the inputs to the plan: reads all that the plan needs; nothing is started or created here. */
import { readFile, realpath, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { findProvider } from './agent/provider.ts';
import { BottleError, messageOf } from './errors.ts';
import type { Host, HostPath } from './host/host.ts';
import type { Inputs, TaskInput } from './inputs.ts';
import { loadManifest } from './manifest/load.ts';
import type { ManifestFiles, Selected } from './manifest/manifest.ts';
import { selectBottle } from './manifest/select.ts';
import { worktreeFiles } from './manifest/worktree.ts';
import { makePlan } from './plan/make-plan.ts';
import type { Plan } from './plan/plan.ts';
import { findSkills } from './provision/skills.ts';
import { resolveWorkspace } from './provision/workspace-root.ts';

const SUFFIX_LENGTH = 5;
const MAX_TASK_BYTES = 1024 * 1024;
const IMAGES_LOCK = '.bot-bottle/images.lock';
/** Events that nobody without write access can cause. */
const TRUSTED_EVENTS = ['push', 'schedule', 'workflow_dispatch', 'repository_dispatch'];

/** @throws {BottleError} `config-invalid` for anything that a person has to correct first. */
export async function preparePlan(host: Host, inputs: Inputs): Promise<Plan> {
  const files = worktreeFiles(inputs.checkout);
  const manifest = await loadManifest(files, { path: inputs.manifest });
  const selected = selectBottle(manifest, inputs);
  for (const notice of manifest.notices) host.log.notice(notice.message, notice);
  const template = selected.bottle.agent_provider.template;
  const provider = findProvider(template, selected.source('bottle.agent_provider.template'));
  return makePlan({
    inputs,
    selected,
    argv: provider.argv(
      selected.bottle.agent_provider,
      selected.source('bottle.agent_provider.command'),
    ),
    task: await readTask(inputs.checkout, inputs.task),
    skills: findSkills(host, selected.agent.skills, skillPlaces(inputs, manifest.carrier)),
    guestSkillsDirectory: host.env.CLAUDE_BOTTLE_GUEST_SKILLS_DIR ?? '',
    workspace: resolveWorkspace(host, workspaceOf(inputs, selected)),
    smolfile: await readText(files, selected.bottle.image?.smolfile),
    lock: { file: IMAGES_LOCK, text: await readText(files, IMAGES_LOCK) },
    trusted: TRUSTED_EVENTS.includes(host.env.GITHUB_EVENT_NAME ?? ''),
    facts: host.facts(),
    suffix: host.randomName(SUFFIX_LENGTH),
    hostVariables: new Set(Object.keys(host.env)),
  });
}

async function readText(files: ManifestFiles, path: string | undefined): Promise<string> {
  return Buffer.from((path && (await files.read(path))) || '').toString();
}

async function readTask(checkout: HostPath, task: TaskInput): Promise<string> {
  if (task.kind !== 'file') return task.kind === 'text' ? task.text : '';
  try {
    const [path, root] = [await realpath(task.path), await realpath(checkout)];
    // A link of the checkout may be a stranger's; it must not fetch a file of the runner.
    if (task.path.startsWith(checkout) && !path.startsWith(`${root}/`)) {
      throw new Error(`it leads out of the checkout, to ${path}`);
    }
    const { size } = await stat(path);
    if (size > MAX_TASK_BYTES) throw new Error(`it has ${size} bytes, at most ${MAX_TASK_BYTES}`);
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new BottleError({
      outcome: 'config-invalid',
      what: `The task file cannot be read: ${messageOf(error)}`,
      where: `input task-file, ${task.path}`,
      fix: 'Name a file of the checkout, or give the text with the input "task".',
    });
  }
}

function skillPlaces(inputs: Inputs, carrier: string): readonly HostPath[] {
  if (inputs.skillsPath !== '') return [inputs.skillsPath];
  const beside = carrier.match(/\.(json|ya?ml)$/) ? dirname(carrier) : carrier;
  return [join(inputs.checkout, beside, 'skills'), join(homedir(), '.claude', 'skills')];
}

/** The input wins; the manifest's path applies to the whole checkout. */
function workspaceOf(inputs: Inputs, { bottle }: Selected): HostPath {
  const path = bottle.workspace?.path;
  return path && inputs.workspace === inputs.checkout
    ? join(inputs.checkout, path)
    : inputs.workspace;
}
