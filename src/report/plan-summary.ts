/** `mode: plan`: the plan as a person and a program read it. Secrets are in it by name only. */
import type { EnvEntry, ImagePlan, Plan, ProgramPlan, Sourced } from '../plan/plan.ts';
import type { PreflightLine } from '../write-back/preflight.ts';
import { renderGit } from './git-summary.ts';
import { code } from './guest-text.ts';
import { table } from './plan-table.ts';
import { renderReach } from './reach-summary.ts';

/** The plan as JSON data: environment entries by name, texts by their size. */
export function describePlan(plan: Plan) {
  const { provision, env, image, cache, ...rest } = plan;
  const { workspace } = provision;
  return {
    ...rest,
    image: { ...image, value: describeImage(image.value) },
    cache: { ...cache, lock: { file: cache.lock.file, bytes: Buffer.byteLength(cache.lock.text) } },
    env: env.map((entry) => ({ name: entry.name, from: originOf(entry), source: entry.source })),
    provision: {
      ...provision,
      workspace: { ...workspace, pinned: workspace.pinned.map(describePinned) },
      prompt: { to: provision.prompt.to, bytes: Buffer.byteLength(provision.prompt.text) },
      task: { to: provision.task.to, bytes: Buffer.byteLength(provision.task.text) },
      session: { files: provision.session.length, bytes: bytesOf(provision.session) },
      agentFiles: provision.agentFiles.map(({ to, text }) => ({
        to,
        bytes: Buffer.byteLength(text),
      })),
    },
  };
}

/** What the step summary says: what would run, within what limits, with whose credentials. */
export function renderPlan(plan: Plan, asked: readonly PreflightLine[] = []): string {
  const { reach, git, secrets, notices } = plan;
  return [
    `## Plan: ${code(plan.runId)}`,
    'Nothing was started.',
    table(['what', 'value', 'from'], [...runRows(plan), ...provisionRows(plan)]),
    '### Secrets, by name',
    secrets.length === 0
      ? 'None.'
      : table(
          ['name', 'for', 'from'],
          secrets.map(({ name, use, source }) => [name, use, source]),
        ),
    renderReach(reach),
    renderGit(git),
    ...(asked.length === 0 ? [] : [renderPreflight(asked)]),
    ...notices.map(({ message, file, line }) => {
      return `- Notice: ${code(file === undefined ? message : `${file}:${line} ${message}`)}`;
    }),
    '',
  ].join('\n\n');
}

function renderPreflight(lines: readonly PreflightLine[]): string {
  const rows = lines.map(({ what, answer, found }) => [what, answer, found]);
  return ['### Whether GitHub will take it', table(['question', 'answer', 'found'], rows)].join(
    '\n\n',
  );
}

type Row = readonly [what: string, value: string, source: string];

function runRows(plan: Plan): readonly Row[] {
  const {
    agent,
    engine,
    machine,
    limits,
    image,
    cache,
    artifact,
    sources,
    trust,
    manifest,
    attest,
  } = plan;
  return [
    ['manifest at', trust.ref, trust.reason],
    ['manifest digest', `sha256:${manifest.sha256}`, manifest.path],
    ['checkout', trust.head, trust.reason],
    ['credentials', trust.dropCredentials ? 'none' : 'those below', trust.reason],
    row('agent', agent.name),
    row('bottles', agent.bottles),
    row('provider', agent.provider),
    row('program', { ...agent.program, value: programText(agent.program.value) }),
    ['command', agent.argv.join(' '), agent.provider.source],
    row('engine', { ...engine, value: `${engine.value}, ${plan.isolation}` }),
    row('image', { ...image, value: imageText(image.value) }),
    ...digestRows(plan),
    ['cache', `${cache.mode}, ${cache.trusted ? 'saving allowed' : 'not saved to'}`, 'input cache'],
    row('cpus', machine.cpus),
    row('memory, MiB', machine.memoryMib),
    row('storage, GiB', machine.storageGib),
    row('minutes', limits.minutes),
    row('idle minutes', limits.idleMinutes),
    row('turns', orNone(limits.turns)),
    row('cost, US dollars', orNone(limits.costUsd)),
    row('output, MiB', limits.outputMib),
    row('outputs', plan.outputs),
    ['artifacts', artifactsText(plan), sources.artifactName],
    row('signed provenance', attest),
    ...sessionRows(plan),
    ['retention, days', daysText(artifact.retentionDays), sources.retentionDays],
  ];
}

function provisionRows({ env, provision, sources }: Plan): readonly Row[] {
  const { workspace, prompt, skills, task, gitUser, agentFiles } = provision;
  return [
    ['workspace', `${workspace.from} → ${workspace.to}`, sources.workspace],
    ['left out of it', workspace.exclude.join(', '), sources.exclude],
    ...workspace.pinned.map(({ path, guest, headAs }): Row => {
      const beside = headAs === undefined ? '' : `, the checkout's is ${headAs}`;
      return [`pinned ${path}`, `${guest.kind}${beside}`, 'manifest at'];
    }),
    ['task', sizeText(task), sources.task],
    ['prompt', sizeText(prompt), sources.prompt],
    ['skills to', skills.to, sources.skillsDirectory],
    ...skills.list.map(({ name, from }): Row => [`skill ${name}`, from, sources.skills]),
    ...agentFiles.map((file): Row => ['settings', sizeText(file), 'provider']),
    ['git user.name', gitUser.name, sources.gitName],
    ['git user.email', gitUser.email, sources.gitEmail],
    ...env.map((entry): Row => [`env ${entry.name}`, originOf(entry), entry.source]),
  ];
}

/** A digest is asked of a `.smolmachine` alone; `from` names its own. */
function digestRows({ image: { value }, cache, sources }: Plan): readonly Row[] {
  if (value.kind === 'host') return [];
  const lock = cache.lock.text === '' ? 'as found' : `as in ${cache.lock.file}, or else as found`;
  const given = value.kind === 'smolmachine' ? value.sha256 : '';
  return [['image digest', given === '' ? lock : `sha256:${given}`, sources.imageSha256]];
}

type PinnedPlan = Plan['provision']['workspace']['pinned'][number];

function describePinned({ guest, ...places }: PinnedPlan) {
  return { ...places, guest: guest.kind };
}

function describeImage(image: ImagePlan) {
  switch (image.kind) {
    case 'smolmachine':
      return { ...image, reference: withoutCredentials(image.reference) };
    case 'smolfile':
      return { kind: image.kind, path: image.path, bytes: Buffer.byteLength(image.text) };
    default:
      return image;
  }
}

function imageText(image: ImagePlan): string {
  switch (image.kind) {
    case 'host':
      return "the runner's own /usr";
    case 'smolmachine':
      return withoutCredentials(image.reference);
    case 'from':
      return `built from ${image.reference}`;
    case 'smolfile':
      return `built from ${image.path}`;
  }
}

function programText(program: ProgramPlan): string {
  switch (program.kind) {
    case 'command':
      return "the manifest's own command";
    case 'image':
      return `${program.binary}, as the image has it`;
    case 'npm':
      return `${program.npm} ${program.version} from npm → ${program.to}`;
  }
}

/** An address may carry a password or a signature. */
function withoutCredentials(reference: string): string {
  if (!/^https?:/i.test(reference)) return reference;
  return reference.replace(/[?#].*$/s, '?…').replace(/\/\/[^/]*@/, '//');
}

function originOf(entry: EnvEntry): string {
  return entry.kind === 'host' ? `\${${entry.hostVar}}` : 'literal';
}

function sizeText({ text, to }: { readonly text: string; readonly to: string }): string {
  return `${Buffer.byteLength(text)} bytes → ${to}`;
}

/** Off by default: a line where there is something to say. */
function sessionRows({ session: { keep, continues } }: Plan): readonly Row[] {
  const { artifact = '', session = '', files = 0, bytes = 0, reason = '' } = continues ?? {};
  const text = `${session} of ${artifact}: ${files} files, ${bytes} bytes`;
  return [
    ...(continues === null ? [] : [['continues', text, reason] as const]),
    ...(keep.value ? [row('session is kept', keep)] : []),
  ];
}

function bytesOf(files: readonly { readonly size: number }[]): number {
  return files.reduce((sum, { size }) => sum + size, 0);
}

/** The names, of which the first is whole. */
function artifactsText({ artifact: { name, names }, session: { keep } }: Plan): string {
  const { session, ...always } = names;
  const [first, ...more] = [...Object.values(always), ...(keep.value ? [session] : [])];
  return [first, ...more.map((text) => text.slice(name.length))].join(', ');
}

function daysText(days: number): string {
  return days === 0 ? "the repository's own" : String(days);
}

function orNone({ value, source }: Sourced<number | null>): Sourced<number | string> {
  return { value: value ?? 'no limit', source };
}

function row(what: string, { value, source }: Sourced<unknown>): Row {
  return [what, Array.isArray(value) ? value.join(', ') : String(value), source];
}
