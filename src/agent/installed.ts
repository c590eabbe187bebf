/** Reads an installation that npm made: what is in it, and by which digests it was checked. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BottleError, messageOf } from '../errors.ts';
import type { HostPath } from '../host/host.ts';
import { at, objectAt, textAt } from './json-line.ts';

export type InstalledPackage = {
  readonly name: string;
  readonly version: string;
  /** `sha512-…`, as the registry's metadata has it: npm refuses an archive that differs. */
  readonly integrity: string;
};

type Wanted = {
  readonly npm: string;
  readonly version: string;
  readonly source: string;
  readonly file: string;
};

/**
 * An installation counts when npm had a sha512 for each package, the package is the one that was
 * asked for, and its program is there. @throws {BottleError} `provision-failed`
 */
export async function readInstalled(
  directory: HostPath,
  wanted: Wanted,
): Promise<readonly InstalledPackage[]> {
  const packages = await readPackages(directory).catch((error) => {
    throw unusable(wanted, messageOf(error));
  });
  const own = packages.find(({ name }) => name === wanted.npm);
  if (own?.version !== wanted.version) {
    throw unusable(wanted, `it is version ${own?.version ?? 'none'}`);
  }
  const bare = packages.find(({ integrity }) => !/^sha512-[A-Za-z0-9+/=]{86,}$/.test(integrity));
  if (bare !== undefined) {
    throw unusable(wanted, `the registry has no sha512 of ${bare.name}@${bare.version}`);
  }
  if (!existsSync(join(directory, wanted.file))) {
    throw unusable(wanted, `it has no ${wanted.file}: it is not made for this platform`);
  }
  return [own, ...packages.filter((one) => one !== own)];
}

/** npm keeps this beside what it installed. */
async function readPackages(directory: HostPath): Promise<readonly InstalledPackage[]> {
  const text = await readFile(join(directory, 'node_modules/.package-lock.json'), 'utf8');
  const packages = objectAt(JSON.parse(text), 'packages');
  return Object.entries(packages).map(([path, entry]) => ({
    name: path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length),
    version: textAt(entry, 'version'),
    integrity: at(entry, 'link') === true ? '' : textAt(entry, 'integrity'),
  }));
}

function unusable({ npm, version, source }: Wanted, why: string): BottleError {
  return new BottleError({
    outcome: 'provision-failed',
    what: `What npm installed of ${npm} ${version} is not used: ${why}`,
    where: `agent_provider.version, ${source}`,
    fix: 'Name another version, or put the program into the image and leave out "version".',
  });
}
