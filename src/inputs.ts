/** The action's inputs as one typed object: the only reader of them. */
import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import { BottleError, OUTCOMES, type Outcome } from './errors.ts';
import type { Host, HostPath } from './host/host.ts';
import {
  artifactName,
  branchName,
  branchTemplate,
  emptyOr,
  list,
  matching,
  numeric,
  oneLine,
  oneOf,
  Refused,
  sha256,
  type Values,
  yamlBoolean,
} from './input-shape.ts';
import { isInside } from './inside.ts';
import type { EngineName } from './machine/machine.ts';

/** The task as given. `none` only where no agent will run. */
export type TaskInput =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'file'; readonly path: HostPath }
  /** What somebody wrote in the comment, issue or pull request that started the run. */
  | { readonly kind: 'event'; readonly which: (typeof TASK_SOURCES)[number] }
  | { readonly kind: 'none' };

const TASK_SOURCES = ['comment', 'issue', 'pull-request'] as const;
const EVENT_TASK = /^event:(.*)$/;

/** An empty string, an empty list or `undefined` is "not given"; `action.yml` says what holds then. */
export type Inputs = {
  readonly agent: string;
  readonly task: TaskInput;
  readonly bottles: readonly string[];
  /** What a comment has to begin with; empty: any comment is a task. */
  readonly trigger: string;
  readonly mode: 'run' | 'plan' | 'lock' | 'doctor';
  readonly manifest: string;
  /** A git revision, or `worktree`. */
  readonly manifestRef: string;
  readonly engine: EngineName | undefined;
  readonly image: string;
  /** Lower-case hex without a prefix. */
  readonly imageSha256: string;
  readonly cache: 'read-write' | 'read' | 'off';
  readonly smolvmVersion: string;
  /** Lower-case hex without a prefix. */
  readonly smolvmSha256: string;
  /** Whole or decimal, more than 0. */
  readonly minutes: number | undefined;
  /** Whole or decimal; 0 = no limit. */
  readonly idleMinutes: number | undefined;
  /** Where the repository is checked out; absolute. */
  readonly checkout: HostPath;
  /** Absolute, and inside the checkout as far as its text tells. */
  readonly workspace: HostPath;
  /** Absolute when given. */
  readonly skillsPath: HostPath;
  readonly outputs: readonly string[];
  readonly artifactName: string;
  /** 0 = the repository's own setting. */
  readonly retentionDays: number;
  readonly attest: 'auto' | 'off';
  /** The name of the artifact that holds it; empty: a new one. */
  readonly session: string;
  readonly keepSession: boolean;
  readonly push: 'none' | 'branch' | 'pull-request';
  /** A template: with `{agent}`, `{run-id}` and `{number}`. */
  readonly branch: string;
  readonly base: string;
  readonly title: string;
  readonly draft: boolean;
  readonly labels: readonly string[];
  /** Logins, and `organisation/team`. */
  readonly reviewers: readonly string[];
  readonly comment: boolean;
  /** A secret. */
  readonly token: string;
  readonly allowedActors: readonly string[];
  readonly allowUntrustedHead: boolean;
  /** Every outcome that fails the step. */
  readonly failOn: readonly Outcome[];
  /** SHA-256 in lower-case hex of each input that is not empty, but `token`. */
  readonly digests: Readonly<Record<string, string>>;
};

/** `fail-on` cannot let these pass: a step that could not be trusted or understood is never green. */
const ALWAYS_FAILS: readonly Outcome[] = [
  'config-invalid',
  'untrusted',
  'isolation-failed',
  'internal-error',
];

const NAME = matching(/^[a-z][a-z0-9-]*$/, 'a name of a-z, 0-9 and - that begins with a letter');
const REVISION = matching(
  /^(?!-)(?!.*\.\.)[^\s:\p{Cc}]+$/u,
  'a commit, a branch, a tag or `worktree`',
);
const BRANCH = branchName('the name of a branch');
const LOGIN = matching(/^[a-z0-9][a-z0-9_-]*(\[bot\])?$/i, 'a login');
const REVIEWER = matching(
  /^[a-z0-9][a-z0-9_-]*(?:\/[a-z0-9][a-z0-9._-]*)?$/i,
  'a login, or `organisation/team`',
);
const VERSION = matching(/^\d{1,6}\.\d{1,6}\.\d{1,6}$/, 'an exact version such as `1.9.3`');
/** GitHub's own limit. */
const LONGEST_ARTIFACT = 256;
const COMMA = /,/;
const COMMA_OR_LINE = /[\n,]/;
/** As above, but a comma inside braces belongs to the glob. */
const BETWEEN_GLOBS = /\n|,(?![^{\n]*\})/;

/** The defaults stand in `action.yml` alone; an empty value here means what its description says. */
const SHAPES = {
  agent: emptyOr(NAME),
  task: (text: string) => {
    const which = EVENT_TASK.exec(text)?.[1];
    if (which !== undefined) oneOf(TASK_SOURCES)(which);
    return text;
  },
  'task-file': oneLine('a path'),
  trigger: oneLine('a phrase'),
  bottle: list(COMMA, NAME),
  mode: oneOf(['run', 'plan', 'lock', 'doctor']),
  manifest: oneLine('a path'),
  'manifest-ref': emptyOr(REVISION),
  engine: emptyOr(oneOf(['smolvm', 'bubblewrap'])),
  image: oneLine('the path or URL of a `.smolmachine` file, an OCI reference, or `host`'),
  'image-sha256': emptyOr(sha256()),
  cache: oneOf(['read-write', 'read', 'off']),
  'smolvm-version': emptyOr(VERSION),
  'smolvm-sha256': emptyOr(sha256()),
  minutes: emptyOr(numeric('decimal', 0.01, 4320)),
  'idle-minutes': emptyOr(numeric('decimal', 0, 4320)),
  workspace: oneLine('a directory inside the checkout'),
  'skills-path': oneLine('a path'),
  outputs: list(BETWEEN_GLOBS, oneLine('a glob')),
  'artifact-name': emptyOr(artifactName()),
  'retention-days': numeric('whole', 0, 400),
  attest: oneOf(['auto', 'off']),
  session: emptyOr(artifactName(LONGEST_ARTIFACT)),
  'keep-session': yamlBoolean(),
  push: oneOf(['none', 'branch', 'pull-request']),
  branch: emptyOr(branchTemplate()),
  base: emptyOr(BRANCH),
  title: matching(/^\P{Cc}{0,256}$/u, 'a text of at most 256 characters, in one line'),
  draft: yamlBoolean(),
  labels: list(COMMA_OR_LINE, matching(/^\P{Cc}{1,50}$/u, 'a label of at most 50 characters')),
  reviewers: list(COMMA_OR_LINE, REVIEWER),
  comment: yamlBoolean(),
  token: matching(/^\S*$/, 'one token without white space'),
  'allowed-actors': list(COMMA_OR_LINE, LOGIN),
  'allow-untrusted-head': yamlBoolean(),
  'fail-on': list(COMMA_OR_LINE, oneOf(['any', 'none', ...OUTCOMES])),
};

/** Of `apply` alone. */
const APPLY_SHAPES = { path: oneLine('a path'), artifact: emptyOr(artifactName()) };
const ALL_SHAPES = { ...SHAPES, ...APPLY_SHAPES };

type InputName = keyof typeof SHAPES;
type AnyName = keyof typeof ALL_SHAPES;
type Some<K extends AnyName> = Pick<Values<typeof ALL_SHAPES>, K>;
type Given = Readonly<Record<InputName, string>>;

export const INPUT_NAMES = Object.keys(SHAPES) as readonly InputName[];

/**
 * Reads and checks every input.
 * @throws BottleError `config-invalid` that names all that is wrong, never only the first.
 */
export function readInputs(host: Pick<Host, 'input' | 'env'>): Inputs {
  const given = Object.fromEntries(INPUT_NAMES.map((name) => [name, host.input(name)])) as Given;
  const checkout = resolve(host.env.GITHUB_WORKSPACE ?? '.');
  const problems: string[] = [];
  const values = parseEach(given, INPUT_NAMES, problems) as Values<typeof SHAPES>;
  problems.push(...checkTogether(given, checkout));
  if (problems.length > 0) throw invalid(problems);
  return {
    agent: values.agent,
    task: taskOf(given, checkout),
    trigger: values.trigger,
    bottles: values.bottle,
    mode: values.mode,
    manifest: values.manifest,
    manifestRef: values['manifest-ref'],
    engine: values.engine || undefined,
    image: values.image,
    imageSha256: values['image-sha256'],
    cache: values.cache,
    smolvmVersion: values['smolvm-version'],
    smolvmSha256: values['smolvm-sha256'],
    minutes: orUndefined(values.minutes),
    idleMinutes: orUndefined(values['idle-minutes']),
    checkout,
    workspace: resolve(checkout, values.workspace),
    skillsPath: values['skills-path'] && resolve(checkout, values['skills-path']),
    outputs: values.outputs,
    artifactName: values['artifact-name'],
    retentionDays: values['retention-days'],
    attest: values.attest,
    session: values.session,
    keepSession: values['keep-session'],
    push: values.push,
    branch: values.branch,
    base: values.base,
    title: values.title,
    draft: values.draft,
    labels: values.labels,
    reviewers: values.reviewers,
    comment: values.comment,
    token: values.token,
    allowedActors: values['allowed-actors'],
    allowUntrustedHead: values['allow-untrusted-head'],
    failOn: failingOutcomes(values['fail-on']),
    digests: digestsOf(given),
  };
}

/**
 * Reads and checks inputs by their names. `check` says what no single one can tell.
 * @throws BottleError `config-invalid` that names all that is wrong
 */
export function readSome<K extends AnyName>(
  host: Pick<Host, 'input'>,
  names: readonly K[],
  check: (given: Readonly<Record<K, string>>) => readonly string[],
): Some<K> {
  const given = Object.fromEntries(names.map((name) => [name, host.input(name)]));
  const problems: string[] = [];
  const values = parseEach(given, names, problems) as Some<K>;
  problems.push(...check(given as Record<K, string>));
  if (problems.length > 0) throw invalid(problems);
  return values;
}

/** The values that fit; for each that does not, a problem. Whole only when there are no problems. */
function parseEach(
  given: Readonly<Record<string, string>>,
  names: readonly AnyName[],
  problems: string[],
): object {
  const entries = names.map((name) => {
    try {
      return [name, ALL_SHAPES[name](given[name] ?? '')];
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      const value = name === 'token' ? 'not shown' : quote(given[name] ?? '');
      problems.push(`\`${name}\` is ${value}: accepted is ${error.message}`);
      return [name, undefined];
    }
  });
  return Object.fromEntries(entries);
}

/** What no single input can tell. */
function checkTogether(given: Given, checkout: HostPath): string[] {
  const problems: string[] = [];
  if (given.task !== '' && given['task-file'] !== '') {
    problems.push('`task` and `task-file` are both given: give one of them');
  }
  if (given.task === '' && given['task-file'] === '' && !['doctor', 'lock'].includes(given.mode)) {
    problems.push('neither `task` nor `task-file` is given: say what the agent shall do in one');
  }
  if (!isInside(checkout, resolve(checkout, given.workspace))) {
    problems.push(`\`workspace\` is ${quote(given.workspace)}: accepted is a path in the checkout`);
  }
  return problems;
}

function taskOf(given: Given, checkout: HostPath): TaskInput {
  const source = EVENT_TASK.exec(given.task)?.[1];
  const which = TASK_SOURCES.find((name) => name === source);
  if (which !== undefined) return { kind: 'event', which };
  if (given.task !== '') return { kind: 'text', text: given.task };
  if (given['task-file'] === '') return { kind: 'none' };
  return { kind: 'file', path: resolve(checkout, given['task-file']) };
}

/** Every outcome that fails a step: those that were named, and those that no one can let pass. */
export function failingOutcomes(list: readonly (Outcome | 'any' | 'none')[]): readonly Outcome[] {
  return OUTCOMES.filter((outcome) => {
    if (outcome === 'success') return false;
    return ALWAYS_FAILS.includes(outcome) || list.includes('any') || list.includes(outcome);
  });
}

/** What shows later that a run had these inputs and no others. A secret's digest could be guessed at. */
function digestsOf(given: Given): Inputs['digests'] {
  const names = INPUT_NAMES.filter((name) => name !== 'token' && given[name] !== '');
  const digest = (text: string) => createHash('sha256').update(text).digest('hex');
  return Object.fromEntries(names.map((name) => [name, digest(given[name])]));
}

function orUndefined(value: number | ''): number | undefined {
  return value === '' ? undefined : value;
}

function quote(value: string): string {
  return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}…` : value);
}

function invalid(problems: readonly string[]): BottleError {
  return new BottleError({
    outcome: 'config-invalid',
    what: problems.length === 1 ? 'An input cannot be used' : `${problems.length} inputs are wrong`,
    where: `the step's \`with\`: ${problems.join('; ')}`,
    fix: 'Change it in the workflow; action.yml and the README say what each input takes.',
    problems: problems.map((message) => ({ message })),
  });
}
