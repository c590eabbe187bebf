/** Lays bottles over each other: a child over its parent, several from left to right. */
import type { Path } from './located.ts';
import type { Entry } from './manifest.ts';
import type { Agent, Bottle } from './schema.ts';

/**
 * The smallest part of a bottle that a later one replaces. `env`, `egress_groups`, `git-gate`
 * and `git-gate.user` come apart into their keys; every other key is one unit, so an empty list
 * clears it.
 */
type Unit = {
  readonly path: Path;
  readonly value: unknown;
  readonly entry: Entry<unknown>;
};

/** A bottle as its units, by path. Merging is a union in which the later wins: associative. */
export type Layers = ReadonlyMap<string, Unit>;

/** @param lower gives way to `upper`, unit by unit. */
export function mergeLayers(lower: Layers, upper: Layers): Layers {
  return new Map([...lower, ...upper]);
}

/** One bottle with its ancestors under it. The chain must have been checked. */
export function layersOf(bottles: ReadonlyMap<string, Entry<Bottle>>, name: string): Layers {
  let layers: Layers = new Map();
  for (let next: string | undefined = name; next !== undefined; ) {
    const entry = bottles.get(next);
    if (entry === undefined) break;
    layers = mergeLayers(ownLayers(entry), layers);
    next = entry.value.extends;
  }
  return layers;
}

/** What an agent lays over its bottle: who commits, nothing else. */
export function agentLayers(entry: Entry<Agent>): Layers {
  const { user } = entry.value['git-gate'] ?? {};
  return toLayers(entry, user === undefined ? {} : { 'git-gate': { user } });
}

/** The bottle that the layers make. */
export function flatten(layers: Layers): Omit<Bottle, 'extends'> {
  const bottle: Record<string, unknown> = {};
  for (const { path, value } of layers.values()) {
    let parent = bottle;
    for (const step of path.slice(0, -1)) {
      parent[String(step)] ??= {};
      parent = parent[String(step)] as Record<string, unknown>;
    }
    parent[String(path.at(-1))] = value;
  }
  return bottle as Omit<Bottle, 'extends'>;
}

/** The unit that decides what stands at `path`, or undefined when nothing was declared there. */
export function unitAt(layers: Layers, path: Path): Unit | undefined {
  for (let length = path.length; length > 0; length -= 1) {
    const unit = layers.get(keyOf(path.slice(0, length)));
    if (unit !== undefined) return unit;
  }
  return undefined;
}

function ownLayers(entry: Entry<Bottle>): Layers {
  const { extends: _, ...own } = entry.value;
  return toLayers(entry, own);
}

/** Maps that are merged key by key instead of being replaced whole. */
const MERGED = new Set(['env', 'egress_groups', 'git-gate', 'git-gate.user']);

function toLayers(entry: Entry<unknown>, own: object, above: Path = []): Layers {
  const layers = new Map<string, Unit>();
  for (const [key, value] of Object.entries(own)) {
    const path = [...above, key];
    if (value === undefined) continue;
    if (!MERGED.has(path.join('.'))) layers.set(keyOf(path), { path, value, entry });
    else for (const [inner, unit] of toLayers(entry, value, path)) layers.set(inner, unit);
  }
  return layers;
}

function keyOf(path: Path): string {
  return JSON.stringify(path.map(String));
}
