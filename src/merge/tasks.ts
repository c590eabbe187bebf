/** The tasks of a fleet: a JSON list, checked whole, and made into the entries of a matrix. */
import { z } from 'zod';
import { BottleError } from '../errors.ts';
import { didYouMean } from '../manifest/nearest.ts';

/**
 * GitHub makes so many jobs from one matrix. In bytes the list is bounded before us: an input is a
 * variable of this process, and Linux takes none over 128 KiB.
 */
const MOST_TASKS = 256;

const line = (most: number) =>
  z
    .string()
    .regex(/^\P{Cc}*$/u, 'has a line break or a control character')
    .max(most);

/** What a task may say; each overrides the input of the same name. */
const taskSchema = z.strictObject({
  name: line(80).min(1).optional(),
  task: z.string().min(1),
  agent: line(100).optional(),
  bottle: line(400).optional(),
  minutes: z.number().min(0.01).max(4320).optional(),
  ref: line(250).optional(),
  branch: line(200).optional(),
});

/** One job. Everything is a text or a number; what was not given is empty. */
export type MatrixEntry = {
  readonly number: number;
  readonly name: string;
  readonly task: string;
  readonly agent: string;
  readonly bottle: string;
  readonly minutes: string;
  readonly ref: string;
  readonly branch: string;
};

/** @throws {BottleError} `config-invalid` that names all that is wrong, with its place in the list. */
export function readTasks(text: string): readonly MatrixEntry[] {
  const list = parse(text);
  const problems: string[] = [];
  if (list.length === 0) problems.push('tasks is an empty list: give at least one task');
  if (list.length > MOST_TASKS) {
    problems.push(
      `tasks has ${list.length} entries: one matrix makes at most ${MOST_TASKS} jobs; start several fleets`,
    );
  }
  const entries = list.slice(0, MOST_TASKS).flatMap((item, at) => readTask(item, at, problems));
  if (problems.length > 0) throw invalid(problems);
  return entries;
}

function parse(text: string): readonly unknown[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw invalid([`tasks is no JSON: ${error instanceof Error ? error.message : error}`]);
  }
  if (Array.isArray(value)) return value;
  const kind = value === null ? 'null' : typeof value === 'object' ? 'an object' : typeof value;
  throw invalid([`tasks is ${kind}: give a list, such as ["Fix the tests", {"task": "…"}]`]);
}

function readTask(item: unknown, at: number, problems: string[]): MatrixEntry[] {
  const parsed = taskSchema.safeParse(typeof item === 'string' ? { task: item } : item);
  if (!parsed.success) {
    problems.push(...parsed.error.issues.map((issue) => describe(issue, at)));
    return [];
  }
  const { name, task, agent = '', bottle = '', minutes, ref = '', branch = '' } = parsed.data;
  return [
    {
      number: at + 1,
      name: name ?? nameOf(task, at),
      task,
      agent,
      bottle,
      minutes: minutes === undefined ? '' : String(minutes),
      ref,
      branch,
    },
  ];
}

/** What the list of jobs shows: the beginning of the task's first line. */
function nameOf(task: string, at: number): string {
  const [first = ''] = task.trim().split('\n', 1);
  const short = first.replace(/\p{Cc}/gu, ' ').slice(0, 60);
  return short === '' ? `task ${at + 1}` : short;
}

function describe(issue: z.core.$ZodIssue, at: number): string {
  const place = ['tasks', `[${at}]`, ...issue.path.map((step) => `.${String(step)}`)].join('');
  if (issue.code !== 'unrecognized_keys') return `${place}: ${issue.message}`;
  const keys = issue.keys.map((key) => {
    const shown = JSON.stringify(key.slice(0, 60));
    return `${shown} is no key of a task.${didYouMean(key, Object.keys(taskSchema.shape))}`;
  });
  return `${place}: ${keys.join(' ')}`;
}

function invalid(problems: readonly string[]): BottleError {
  return new BottleError({
    outcome: 'config-invalid',
    what: problems.length === 1 ? 'The tasks cannot be used' : `${problems.length} tasks are wrong`,
    where: `input tasks: ${problems.slice(0, 10).join('; ')}`,
    fix: 'Correct the list; docs/fleet.md shows one.',
    problems: problems.map((message) => ({ message })),
  });
}
