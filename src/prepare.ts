/** From the inputs to the plan: whom to trust, what they say, and what follows from it. */
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { findProvider } from './agent/provider.ts';
import { describeCheckout } from './checkout.ts';
import { continueSession, requireNoSecret, scopeOf } from './continue-session.ts';
import type { Host, HostPath, Services } from './host/host.ts';
import type { Inputs } from './inputs.ts';
import { loadManifest } from './manifest/load.ts';
import type { ManifestFiles, Selected } from './manifest/manifest.ts';
import { selectBottle } from './manifest/select.ts';
import { compileSchema } from './output-schema.ts';
import { makePlan } from './plan/make-plan.ts';
import type { Plan } from './plan/plan.ts';
import { findSkills } from './provision/skills.ts';
import { resolveWorkspace } from './provision/workspace-root.ts';
import { askRegistries } from './registry.ts';
import type { StepDirectory } from './state.ts';
import { readTask } from './task.ts';
import { triggerOf } from './trigger.ts';
import type { Event } from './trust/event.ts';
import { readEvent } from './trust/read-event.ts';
import { openTrusted, type Trusted } from './trusted.ts';

const IMAGES_LOCK = '.bot-bottle/images.lock';

/**
 * Undefined when the event asks for nothing, which is said in the log.
 * @throws {BottleError} `untrusted`: the run may not start; `config-invalid`: somebody has to correct
 *   something first.
 */
export async function preparePlan(
  host: Host,
  services: Services,
  inputs: Inputs,
  own: StepDirectory,
): Promise<Plan | undefined> {
  const event = readEvent(host);
  const task = await readTask(inputs, event);
  if (task.kind === 'nothing') {
    host.log.notice(`Nothing to do: ${task.reason}`);
    return undefined;
  }
  const trusted = await openTrusted(host, inputs, event, own.path);
  try {
    return await planFrom(host, services, { inputs, event, task: task.text }, trusted, own);
  } finally {
    await trusted.close();
  }
}

async function planFrom(
  host: Host,
  services: Services,
  given: { readonly inputs: Inputs; readonly event: Event; readonly task: string },
  trusted: Trusted,
  own: StepDirectory,
): Promise<Plan> {
  const { inputs, event, task } = given;
  const { files } = trusted;
  const manifest = await loadManifest(files, { path: inputs.manifest });
  const selected = selectBottle(manifest, inputs);
  const { agent, bottle } = selected;
  // Before anything is started for an answer that nothing could follow.
  if (agent.output_schema) {
    await compileSchema(agent.output_schema, selected.source('agent.output_schema'));
  }
  const provider = findProvider(bottle.agent_provider.template);
  const workspace = resolveWorkspace(host, workspaceOf(inputs, selected));
  const trust = trusted.judge(workspace);
  const places = await skillPlaces(inputs, manifest.carrier, trusted);
  const scope = scopeOf(host, event);
  const request = { scope, provider, own: own.path };
  const plan = makePlan({
    scope,
    session: await continueSession(host, services, inputs, request),
    inputs,
    selected,
    provider,
    task,
    skills: findSkills(host, agent.skills, places),
    guestSkillsDirectory: host.env.CLAUDE_BOTTLE_GUEST_SKILLS_DIR ?? '',
    workspace,
    pinned: await trusted.pinned(),
    smolfile: await readText(files, bottle.image?.smolfile),
    lock: { file: IMAGES_LOCK, text: await readText(files, IMAGES_LOCK) },
    trust,
    facts: host.facts(),
    arch: host.arch,
    suffix: own.suffix,
    registries: await askRegistries(host, selected, own.path),
    repository: host.env.GITHUB_REPOSITORY ?? '',
    checkout: await describeCheckout(host, workspace, own.path),
    trigger: triggerOf(event),
    hostVariables: new Set(Object.keys(host.env)),
  });
  await requireNoSecret(host, plan, inputs.token);
  const difference = await trusted.compareManifest(manifest.carrier);
  if (difference !== undefined) host.log.notice(difference);
  for (const text of trust.notices) host.log.notice(text);
  for (const notice of [...manifest.notices, ...plan.notices]) {
    host.log.notice(notice.message, notice);
  }
  return plan;
}

async function readText(files: ManifestFiles, path: string | undefined): Promise<string> {
  return Buffer.from((path && (await files.read(path))) || '').toString();
}

async function skillPlaces(
  { checkout, skillsPath }: Inputs,
  carrier: string,
  trusted: Trusted,
): Promise<readonly HostPath[]> {
  if (skillsPath !== '') return [await trusted.directory(skillsPath)];
  const beside = /\.(json|ya?ml)$/.test(carrier) ? dirname(carrier) : carrier;
  const own = await trusted.directory(join(checkout, beside, 'skills'));
  return [own, join(homedir(), '.claude', 'skills')];
}

/** The input wins; the manifest's path applies to the whole checkout. */
function workspaceOf(inputs: Inputs, { bottle }: Selected): HostPath {
  const path = bottle.workspace?.path;
  return path && inputs.workspace === inputs.checkout
    ? join(inputs.checkout, path)
    : inputs.workspace;
}
