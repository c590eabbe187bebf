/** What stands behind the names in `egress.presets`. */
import { BottleError } from '../errors.ts';
import type { Selected } from '../manifest/manifest.ts';
import { type GitHub, openGitHub } from './github.ts';
import type { Opening } from './opening.ts';
import type { Registry } from './plan.ts';
import { makeRule, openRoutes } from './route.ts';
import { VENDORS } from './vendor.ts';

/** @throws {BottleError} `config-invalid` for a group of a bottle that does not take part. */
export function openPresets(
  selected: Selected,
  github: GitHub,
  registries: readonly Registry[],
): readonly Opening[] {
  const { bottle, source } = selected;
  return (bottle.egress?.presets ?? []).flatMap((name, index) => {
    const group = bottle.egress_groups?.[name];
    if (group !== undefined) return openRoutes(group, ['bottle', 'egress_groups', name], source);
    if (name === 'github') return openGitHub(selected, github);
    const preset = `preset ${name}`;
    const vendor = VENDORS.get(name);
    if (vendor !== undefined) {
      return [{ rule: makeRule({ ...vendor, ports: [443], source: preset }) }];
    }
    const found = registries.filter((registry) => registry.preset === name);
    if (found.length === 0) throw noGroup(name, source(['bottle', 'egress', 'presets', index]));
    return found.map(({ host, port }) => ({
      rule: makeRule({ host, ports: [port], source: preset }),
    }));
  });
}

function noGroup(name: string, source: string): BottleError {
  return new BottleError({
    outcome: 'config-invalid',
    what: `The bottle has no group of routes "${name}"`,
    where: `egress.presets, ${source}`,
    fix: `The group stands in another bottle: extend that one, or name it in the input "bottle" too.`,
  });
}
