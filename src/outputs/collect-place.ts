/** Where a file of the guest goes in the artifact, and which ones are taken at all. */
import type { GuestPath } from '../machine/machine.ts';
import type { Plan } from '../plan/plan.ts';
import { SENT } from './collect-script.ts';
import type { PlaceMember } from './extract.ts';
import type { Glob } from './glob.ts';

/** Holds what the script itself sends; its files never stay in the artifact. */
export const OWN = '.collect';

export type Placement = {
  readonly place: PlaceMember;
  /** Globs that no file matched so far. */
  unmatched(): readonly Glob[];
};

/**
 * `outputs/` is the output directory; `workspace/`, `home/` and `root/` are what the globs matched,
 * each in the first of them that it lies in.
 */
export function createPlacement(
  plan: Pick<Plan, 'provision' | 'user'>,
  globs: readonly Glob[],
  scratch: string,
): Placement {
  const { outputDirectory, workspace } = plan.provision;
  const unmatched = new Set(globs);
  const own = new RegExp(`(?:^|/)${scratch}/(${Object.values(SENT).join('|')})$`);
  const places: readonly (readonly [string, GuestPath])[] = [
    ['workspace', workspace.to],
    ['home', plan.user.home],
    ['root', ''],
  ];

  return {
    unmatched: () => [...unmatched],
    place(path) {
      const guestPath = `/${path}`;
      const ownName = own.exec(path)?.[1];
      if (ownName !== undefined) return `${OWN}/${ownName}`;
      const matching = globs.filter((glob) => glob.matches(guestPath));
      for (const glob of matching) unmatched.delete(glob);
      const output = below(outputDirectory, guestPath);
      if (output !== undefined) return `outputs/${output}`;
      if (matching.length === 0) return undefined;
      for (const [name, directory] of places) {
        const rest = below(directory, guestPath);
        if (rest !== undefined) return `${name}/${rest}`;
      }
      return undefined;
    },
  };
}

function below(directory: GuestPath, path: GuestPath): string | undefined {
  return path.startsWith(`${directory}/`) ? path.slice(directory.length + 1) : undefined;
}
