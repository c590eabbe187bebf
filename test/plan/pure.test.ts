/** The plan follows from its request alone, and is plain data. */
import { describe, expect, test } from 'vitest';
import { makePlan } from '../../src/plan/make-plan.ts';
import { DECLARED, planOf, requestOf } from './scene.ts';

describe('the plan is pure', () => {
  function freeze<T>(value: T): T {
    if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
    Object.freeze(value);
    for (const key of Reflect.ownKeys(value)) freeze((value as Record<PropertyKey, unknown>)[key]);
    return value;
  }

  test('the same request gives the same plan and is left as it was', async () => {
    const request = await requestOf(DECLARED, { hostVariables: new Set(['API_KEY']) });
    const before = structuredClone({
      ...request,
      provider: 0,
      selected: { ...request.selected, source: 0 },
    });
    const first = makePlan(request);
    expect(makePlan(freeze(request))).toEqual(first);
    expect({ ...request, provider: 0, selected: { ...request.selected, source: 0 } }).toEqual(
      before,
    );
    expect(makePlan(await requestOf(DECLARED, { hostVariables: new Set(['API_KEY']) }))).toEqual(
      first,
    );
  });

  test('it is plain data', async () => {
    const plan = await planOf(DECLARED, { hostVariables: new Set(['API_KEY']) });
    expect(JSON.parse(JSON.stringify(plan))).toEqual(plan);
  });
});
