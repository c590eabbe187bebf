/** Checks what one entry says about another: parents, bottles of agents, groups of routes, no circle. */
import type { Problem } from '../errors.ts';
import { PRESETS } from './egress.ts';
import { findNode, findText, type Located, type Path, quote, valueOffset } from './located.ts';
import { ENTRY_NAME } from './name.ts';
import { didYouMean, listNames } from './nearest.ts';
import { problemAt, type SourceFile } from './source-file.ts';

type Declared = {
  readonly name: string;
  readonly source: SourceFile;
  /** Absent when its file could not be read. */
  readonly tree?: Located;
};

type Declarations = ReadonlyMap<string, Declared>;

/** Works on what could be read, so that one bad file does not hide a bad reference in another. */
export function checkReferences(bottles: Declarations, agents: Declarations): Problem[] {
  return [
    ...[...bottles.values()].flatMap((bottle) => checkName(bottle, 'extends', bottles)),
    ...[...agents.values()].flatMap((agent) => checkName(agent, 'bottle', bottles)),
    ...findCircles(bottles),
    ...checkPresets([...bottles.values()]),
  ];
}

function checkName(entry: Declared, key: string, bottles: Declarations): Problem[] {
  const name = findText(entry.tree, [key]);
  if (name === undefined || bottles.has(name)) return [];
  const names = [...bottles.keys()];
  const chain = key === 'extends' ? ` (${entry.name} → ${name})` : '';
  const bottleNames = `${didYouMean(name, names)} Bottles: ${listNames(names)}.`;
  return [at(entry, [key], `${key}: there is no bottle ${quote(name)}${chain}.${bottleNames}`)];
}

/** Each circle once, at the first of its bottles. */
function findCircles(bottles: Declarations): Problem[] {
  const problems: Problem[] = [];
  const done = new Set<string>();
  for (const start of bottles.keys()) {
    const chain: string[] = [];
    const inChain = new Set<string>();
    let name: string | undefined = start;
    while (name !== undefined && !done.has(name) && !inChain.has(name)) {
      chain.push(name);
      inChain.add(name);
      name = findText(bottles.get(name)?.tree, ['extends']);
    }
    const first = name !== undefined && inChain.has(name) ? bottles.get(name) : undefined;
    if (first !== undefined) {
      const circle = [...chain.slice(chain.indexOf(first.name)), first.name].join(' → ');
      problems.push(
        at(first, ['extends'], `extends: ${circle} is a circle; remove one \`extends\``),
      );
    }
    for (const passed of chain) done.add(passed);
  }
  return problems;
}

/** A group may stand in any bottle: which ones are merged, the step decides. */
function checkPresets(bottles: readonly Declared[]): Problem[] {
  const groups = bottles.flatMap(({ tree }) => {
    const node = tree && findNode(tree, ['egress_groups']);
    return node?.kind === 'map' ? [...node.entries.keys()] : [];
  });
  const known = new Set<string>([...PRESETS, ...groups]);
  return bottles.flatMap((bottle) => {
    const node = bottle.tree && findNode(bottle.tree, ['egress', 'presets']);
    return (node?.kind === 'list' ? node.items : []).flatMap((_, index) => {
      const path = ['egress', 'presets', index];
      const name = findText(bottle.tree, path);
      // What is no name at all, the schema refuses.
      if (name === undefined || !ENTRY_NAME.test(name) || known.has(name)) return [];
      const message = `there is no preset or group ${quote(name)}.${didYouMean(name, [...known])}`;
      const names = `Presets: ${listNames(PRESETS)}. Groups: ${listNames(new Set(groups))}.`;
      return [at(bottle, path, `egress.presets[${index}]: ${message} ${names}`)];
    });
  });
}

function at(entry: Declared, path: Path, message: string): Problem {
  const offset = entry.tree === undefined ? 0 : valueOffset(entry.tree, path);
  return problemAt(entry.source, { offset, message });
}
