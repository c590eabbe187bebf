/** What may be reached, with whose credentials, and what the guest has in their place. */
import type { Problem } from '../errors.ts';
import { dropCredentials } from './credential.ts';
import { limitToRepositories, planGitHub } from './github.ts';
import type { PlanRequest } from './make-plan.ts';
import { openModel } from './model.ts';
import { type Opening, oneAHost } from './opening.ts';
import type { ReachPlan, Sourced } from './plan.ts';
import { openPresets } from './preset.ts';
import { openRoutes } from './route.ts';
import { first } from './sourced.ts';

type ReachRequest = Pick<
  PlanRequest,
  'provider' | 'registries' | 'repository' | 'selected' | 'trust'
>;

export type Reach = {
  readonly plan: ReachPlan;
  readonly openings: readonly Opening[];
  readonly notices: readonly Problem[];
};

/**
 * The provider's own route comes first, then what the bottle writes down, then its presets.
 * @throws {BottleError} `config-invalid` for a preset of which nothing is known.
 */
export function planReach({ registries, repository, trust, ...request }: ReachRequest): Reach {
  const { selected, notices: dropped } = trust.dropCredentials
    ? dropCredentials(request.selected)
    : { selected: request.selected, notices: [] };
  const { bottle, source } = selected;
  const github = planGitHub(selected, repository);
  const written = openRoutes(bottle.egress?.routes ?? [], ['bottle', 'egress', 'routes'], source);
  const { openings, notices: ceded } = oneAHost([
    ...openModel(selected, request.provider),
    ...written,
    ...openPresets(selected, github, registries),
  ]);
  const limited = openings.map(({ rule }) => limitToRepositories(rule, github));
  const routes = limited.map(({ rule }) => rule);
  const notices = [...dropped, ...ceded, ...limited.flatMap((each) => each.notices)];
  return { plan: { ...planRest(request), routes }, openings, notices };
}

function planRest({ selected }: Pick<ReachRequest, 'selected'>): Omit<ReachPlan, 'routes'> {
  const { bottle, source } = selected;
  const { mode, presets, max_bytes } = bottle.egress ?? {};
  const { tokens, requests } = bottle.limits ?? {};
  return {
    mode: first([mode, source('bottle.egress.mode')], ['enforce', 'default']),
    presets: first([presets, source('bottle.egress.presets')], [[], 'default']),
    limits: {
      tokens: limit(tokens, source('bottle.limits.tokens')),
      requests: limit(requests, source('bottle.limits.requests')),
      bytes: limit(max_bytes, source('bottle.egress.max_bytes')),
    },
  };
}

function limit(value: number | undefined, source: string): Sourced<number | null> {
  return first<number | null>([value, source], [null, 'default']);
}
