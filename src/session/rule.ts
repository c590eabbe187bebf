/** Which run may continue whose session. Pure; docs/trust.md has the same as a table. */
import { rankOf, type TriggerClass } from '../trigger-class.ts';
import type { SessionScope } from './session.ts';

/** A workflow run as GitHub tells it; ids are 0, and texts empty, where it says nothing. */
export type WorkflowRun = {
  readonly id: number;
  readonly trigger: TriggerClass;
  readonly actor: number;
  /** Who started it again, where somebody did. */
  readonly startedBy: number;
  readonly branch: string;
  readonly headRepository: number;
};

/** One side of the comparison: what GitHub says, and what our own record of it says. */
export type Side = { readonly scope: SessionScope; readonly run: WorkflowRun };

/** A record alone may be forged, and GitHub cannot tell all: what is said that suits us less counts. */
function classesOf(past: Side, present: Side): readonly [TriggerClass, TriggerClass] {
  const sorted = ({ scope, run }: Side) =>
    [scope.trigger, run.trigger].sort((a, b) => rankOf(a) - rankOf(b));
  const [[least = 'fork'], [, most = 'default-branch']] = [sorted(past), sorted(present)];
  return [least, most];
}

/** Why the run `present` may not continue what the run `past` left; empty: it may. */
export function refusalOf(past: Side, present: Side): string {
  const { repository } = past.scope;
  if (repository.id !== present.scope.repository.id) {
    return `it is of the repository ${repository.name}`;
  }
  const [then, now] = classesOf(past, present);
  if (rankOf(then) < rankOf(now)) {
    return `its run is of the class ${then}, which is less trusted than ${now}, this one's`;
  }
  if (then === 'default-branch') return '';
  const differing = DIFFERENCES.filter(([, of]) => of(past) !== of(present)).map(([what]) => what);
  return differing.length === 0 ? '' : `it is of another ${differing.join(' and another ')}`;
}

const DIFFERENCES: readonly (readonly [string, (side: Side) => unknown])[] = [
  ['actor', ({ scope, run }) => [scope.actor.id, run.actor, run.startedBy].join()],
  ['ref', ({ scope, run }) => [scope.ref, run.branch, run.headRepository].join()],
  ['issue or pull request', ({ scope }) => scope.number],
];
