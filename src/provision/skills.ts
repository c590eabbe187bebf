/** Skills: found on the runner before the boot, replaced whole in the guest. */
import { lstatSync, statSync } from 'node:fs';
import { join, posix, resolve } from 'node:path';
import { BottleError, type Problem } from '../errors.ts';
import type { Host, HostPath } from '../host/host.ts';
import { isInside } from '../inside.ts';
import type { ProvisionPlan, SkillPlan } from '../plan/plan.ts';
import { printable } from '../printable.ts';
import type { TarEntry } from '../tar/write.ts';
import { jobWorkspace, realInside } from './inside.ts';
import { type LeftOut, noticesOf } from './left-out.ts';
import type { Step, Tally } from './step.ts';
import { type TreeEntry, tarEntryOf, walk } from './tree-entry.ts';

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

/**
 * Finds each skill's directory: the first of `searchDirs` that has one of that name. Throws
 * `BottleError` (`config-invalid`) that names every skill that is missing and all places searched.
 */
export function findSkills(
  host: Host,
  names: readonly string[],
  searchDirs: readonly HostPath[],
): SkillPlan[] {
  const problems: Problem[] = [];
  const found = [...new Set(names)].flatMap((name) => {
    const from = NAME.test(name)
      ? searchDirs.map((dir) => skillIn(host, dir, name)).find(Boolean)
      : '';
    if (from) return [{ name, from }];
    const why = from === '' ? 'is not a name for a skill' : 'has no directory';
    problems.push({ message: `The skill ${JSON.stringify(name)} ${why}.` });
    return [];
  });
  if (problems.length === 0) return found;
  const places = searchDirs.length === 0 ? 'no place' : searchDirs.join(', ');
  throw new BottleError({
    outcome: 'config-invalid',
    what: problems.map(({ message }) => printable(message)).join(' '),
    where: `the agent's skills; searched: ${places}`,
    fix: 'Add <place>/<name>/ with its SKILL.md, correct the name, or point skills-path at it.',
    problems,
  });
}

/** The skill's directory; a link is taken only when it stays where the skill was looked for. */
function skillIn(host: Host, directory: HostPath, name: string): HostPath | undefined {
  const place = resolve(directory);
  const workspace = jobWorkspace(host);
  const root = workspace && isInside(workspace, place) ? workspace : place;
  if (!realInside(root, place)) return undefined;
  const skill = realInside(place, join(place, name));
  return skill && statSync(skill).isDirectory() ? skill : undefined;
}

/** None: nothing is copied and nothing is executed. */
export function skillsStep({ skills }: ProvisionPlan, tally: Tally): Step {
  if (skills.list.length === 0) return {};
  return {
    make: [skills.to],
    remove: skills.list.map(({ name }) => posix.join(skills.to, name)),
    entries: skillEntries(skills, tally),
  };
}

function* skillEntries(skills: ProvisionPlan['skills'], tally: Tally): Generator<TarEntry> {
  const leftOut: LeftOut = new Map();
  for (const skill of skills.list) {
    const to = posix.join(skills.to, skill.name);
    yield { kind: 'directory', path: to.slice(1), mode: directoryMode(lstatSync(skill.from).mode) };
    for (const entry of walk(skill.from, leftOut)) {
      if (entry.kind === 'symlink') refuseEscape(skill, entry);
      if (entry.kind === 'file') {
        tally.files += 1;
        tally.bytes += entry.size;
      }
      yield tarEntryOf(to, entry, modeOf(entry));
    }
  }
  tally.notices.push(...noticesOf(leftOut));
}

function modeOf(entry: TreeEntry): number {
  if (entry.kind === 'symlink') return 0o777;
  return entry.kind === 'directory' ? directoryMode(entry.mode) : entry.mode;
}

/** The agent owns the copy and must be able to fill it. */
function directoryMode(mode: number): number {
  return (mode & 0o777) | 0o700;
}

function refuseEscape(skill: SkillPlan, link: TreeEntry & { kind: 'symlink' }): void {
  const end = posix.join('/skill', posix.dirname(link.text), link.target);
  if (!posix.isAbsolute(link.target) && isInside('/skill', end)) return;
  const way = `${printable(link.text)} → ${printable(link.target)}`;
  throw new BottleError({
    outcome: 'provision-failed',
    what: `The skill ${skill.name} holds a link that leaves its directory: ${way}`,
    where: skill.from,
    fix: 'Replace the link by a copy of what it points to, or let it point inside the skill.',
  });
}
