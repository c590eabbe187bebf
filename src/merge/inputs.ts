/** The inputs of `merge` as one typed object. */
import { resolve } from 'node:path';
import { BottleError, OUTCOMES, type Outcome } from '../errors.ts';
import type { Host, HostPath } from '../host/host.ts';
import { artifactName, list, matching, numeric, oneLine, oneOf, Refused } from '../input-shape.ts';
import { failingOutcomes } from '../inputs.ts';

export type MergeInputs = {
  /** Not empty: only check this list of tasks. */
  readonly tasks: string;
  /** Where artifacts were downloaded to; empty: they are not. */
  readonly path: HostPath;
  /** Of the names of artifacts of this workflow run, with `*`; empty: none is downloaded. */
  readonly pattern: string;
  /** How many runs there should be; 0: that is not known. */
  readonly expected: number;
  readonly artifactName: string;
  readonly retentionDays: number;
  readonly failOn: readonly Outcome[];
  /** Whether a record that is missing or broken fails the step. */
  readonly failOnMissing: boolean;
};

const SHAPES = {
  tasks: (text: string) => text,
  path: oneLine('a directory'),
  pattern: matching(/^[^":<>|?\\/\p{Cc}]{0,200}$/u, 'a name of artifacts, in which * is anything'),
  expected: numeric('whole', 0, 256),
  'artifact-name': artifactName(),
  'retention-days': numeric('whole', 0, 400),
  'fail-on': list(/[\n,]/, oneOf(['any', 'none', 'missing', ...OUTCOMES])),
};

export const MERGE_INPUTS = Object.keys(SHAPES) as readonly (keyof typeof SHAPES)[];

/** @throws BottleError `config-invalid` that names all that is wrong, never only the first. */
export function readMergeInputs(host: Pick<Host, 'input' | 'env'>): MergeInputs {
  const problems: string[] = [];
  const read = <K extends keyof typeof SHAPES>(name: K): ReturnType<(typeof SHAPES)[K]> => {
    const text = host.input(name);
    try {
      return SHAPES[name](text) as ReturnType<(typeof SHAPES)[K]>;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      const shown = JSON.stringify(text.slice(0, 80));
      problems.push(`\`${name}\` is ${shown}: accepted is ${error.message}`);
      return undefined as never;
    }
  };
  const path = read('path');
  const failOn = read('fail-on') ?? [];
  const outcomes = failOn.filter((word) => word !== 'missing');
  const inputs = {
    tasks: read('tasks'),
    path: path ? resolve(host.env.GITHUB_WORKSPACE ?? '.', path) : '',
    pattern: read('pattern'),
    expected: read('expected'),
    artifactName: read('artifact-name'),
    retentionDays: read('retention-days'),
    failOn: failingOutcomes(outcomes),
    failOnMissing: failOn.includes('any') || failOn.includes('missing'),
  };
  if (problems.length > 0) throw invalid(problems);
  return inputs;
}

function invalid(problems: readonly string[]): BottleError {
  return new BottleError({
    outcome: 'config-invalid',
    what: problems.length === 1 ? 'An input cannot be used' : `${problems.length} inputs are wrong`,
    where: `the step's \`with\`: ${problems.join('; ')}`,
    fix: 'Change it in the workflow; merge/action.yml says what each input takes.',
    problems: problems.map((message) => ({ message })),
  });
}
