/** Picks one agent out of a manifest and makes the one bottle that it runs in. */
import { BottleError } from '../errors.ts';
import { agentLayers, flatten, type Layers, layersOf, mergeLayers, unitAt } from './extends.ts';
import { findNode, keyOffset, type Path } from './located.ts';
import type { Entry, LoadedManifest, ResolvedAgent, ResolvedBottle, Selected } from './manifest.ts';
import { didYouMean, listNames } from './nearest.ts';
import type { Agent } from './schema.ts';
import { placeAt } from './source-file.ts';

/** What the step's inputs say; empty is "not given". */
export type Selection = { readonly agent: string; readonly bottles: readonly string[] };

/**
 * Bottles that the selection names take the place of the agent's own, and merge from left to right.
 * @throws {BottleError} `config-invalid` when the agent or a bottle is not there, or none is named.
 */
export function selectBottle(loaded: LoadedManifest, selection: Selection): Selected {
  const agent = findAgent(loaded, selection.agent);
  const bottleNames = chooseBottles(loaded, selection.bottles, agent);
  const layers = mergeLayers(
    bottleNames.map((name) => layersOf(loaded.bottles, name)).reduce(mergeLayers),
    agentLayers(agent),
  );
  const chosenBy = selection.bottles.length > 0 ? 'input bottle' : sourceIn(agent, ['bottle']);
  return {
    agentName: agent.name,
    bottleNames,
    agent: resolveAgent(agent.value),
    bottle: resolveBottle(layers),
    carrier: loaded.carrier,
    digest: loaded.digest,
    notices: loaded.notices,
    source: (path) => {
      const [root, ...steps] = typeof path === 'string' ? path.split('.') : path;
      if (root === 'agent') return sourceIn(agent, steps);
      return steps.length === 0 ? chosenBy : bottleSource(layers, steps);
    },
  };
}

function findAgent({ agents, carrier }: LoadedManifest, name: string): Entry<Agent> {
  const [only] = agents.values();
  if (name === '' && agents.size === 1 && only !== undefined) return only;
  const agent = agents.get(name);
  if (agent !== undefined) return agent;
  const names = [...agents.keys()];
  throw new BottleError({
    outcome: 'config-invalid',
    what: name === '' ? 'No agent is named' : `There is no agent ${JSON.stringify(name)}`,
    where: `input agent, manifest ${carrier}`,
    fix: `Name one of its agents: ${listNames(names)}.${didYouMean(name, names)}`,
  });
}

function chooseBottles(
  { bottles, carrier }: LoadedManifest,
  given: readonly string[],
  agent: Entry<Agent>,
): readonly string[] {
  const names = [...bottles.keys()];
  const own = agent.value.bottle;
  const chosen = given.length > 0 || own === undefined ? given : [own];
  const listed = `Bottles: ${listNames(names)}.`;
  if (chosen.length === 0) {
    throw new BottleError({
      outcome: 'config-invalid',
      what: `The agent "${agent.name}" has no bottle to run in`,
      where: `${placeAt(agent.source, agent.tree.offset)}, input bottle is empty`,
      fix: `Add \`bottle\` to the agent or name one with the input \`bottle\`. ${listed}`,
    });
  }
  const missing = chosen.find((name) => !bottles.has(name));
  if (missing === undefined) return chosen;
  throw new BottleError({
    outcome: 'config-invalid',
    what: `There is no bottle ${JSON.stringify(missing)}`,
    where: `input bottle, manifest ${carrier}`,
    fix: `Name one or more that it has. ${listed}${didYouMean(missing, names)}`,
  });
}

function resolveAgent(agent: Agent): ResolvedAgent {
  return { ...agent, skills: agent.skills ?? [], prompt: agent.prompt?.trim() ?? '' };
}

function resolveBottle(layers: Layers): ResolvedBottle {
  const bottle = flatten(layers);
  const { template = 'claude', ...provider } = bottle.agent_provider ?? {};
  return { ...bottle, agent_provider: { template, ...provider } };
}

function bottleSource(layers: Layers, path: Path): string {
  const unit = unitAt(layers, path);
  return unit === undefined ? 'default' : sourceIn(unit.entry, path);
}

function sourceIn({ source, tree }: Entry<unknown>, path: Path): string {
  return findNode(tree, path) === undefined ? 'default' : placeAt(source, keyOffset(tree, path));
}
