/** The guest's environment as the plan holds it: literals, and the names of the runner's variables. */
import { BottleError, type Problem } from '../errors.ts';
import type { Selected } from '../manifest/manifest.ts';
import { noticeOf } from './credential.ts';
import type { Opening } from './opening.ts';
import type { EnvEntry } from './plan.ts';

type HostEntry = Extract<EnvEntry, { readonly kind: 'host' }>;

export type Environment = {
  readonly env: readonly EnvEntry[];
  /** One for each entry that a run without credentials goes without. */
  readonly notices: readonly Problem[];
};

/**
 * Whatever stands in a variable of the step may be a credential, so a run without credentials is
 * given none of them.
 * @throws {BottleError} `config-invalid` naming every variable that the step's environment lacks.
 */
export function planEnvironment(
  selected: Selected,
  hostVariables: ReadonlySet<string>,
  dropCredentials: boolean,
): Environment {
  const entries = Object.entries(selected.bottle.env ?? {})
    .map(([name, entry]) => ({ name, ...entry, source: selected.source(['bottle', 'env', name]) }))
    .sort(byName);
  const ofHost = entries.filter((entry) => entry.kind === 'host');
  if (dropCredentials) {
    const env = entries.filter((entry) => entry.kind === 'literal');
    return { env, notices: ofHost.map(({ name, source }) => noticeOf(`env.${name}`, source)) };
  }
  const missing = ofHost.filter(({ hostVar }) => !hostVariables.has(hostVar));
  if (missing.length > 0) throw lacking(missing);
  return { env: entries, notices: [] };
}

/**
 * Programs look for their credential before they ask for anything: they find something that looks
 * like one, which the gateway takes out again. What the bottle says itself stays.
 */
export function addPlaceholders(
  env: readonly EnvEntry[],
  openings: readonly Opening[],
): readonly EnvEntry[] {
  const placeholders = openings.flatMap(({ rule: { source }, credential }) =>
    Object.entries(credential?.placeholders ?? {}).map(
      ([name, value]): EnvEntry => ({ name, kind: 'literal', value, source }),
    ),
  );
  const all = new Map([...placeholders.toReversed(), ...env].map((entry) => [entry.name, entry]));
  return [...all.values()].sort(byName);
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : 1;
}

function lacking(missing: readonly HostEntry[]): BottleError {
  const names = missing.map(({ hostVar }) => hostVar);
  return new BottleError({
    outcome: 'config-invalid',
    what: `The bottle's env asks for variables that the step does not have: ${names.join(', ')}`,
    where: missing.map(({ name, source }) => `env.${name}, ${source}`).join('; '),
    fix: `Set them in the step's "env:", for example ${names[0]}: \${{ secrets.${names[0]} }}.`,
  });
}
