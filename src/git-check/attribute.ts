/** Finds attributes that make git run a program of whoever checks out, merges or looks at a file. */
import { type Change, SYMLINK } from './change.ts';
import type { CheckAction } from './finding.ts';
import type { Inspection } from './inspection.ts';
import { foldName } from './path-name.ts';

export const MAX_ATTRIBUTES_BYTES = 64 * 1024;

type DriverLine = {
  readonly text: string;
  /** From 1. */
  readonly line: number;
  readonly attribute: string;
  readonly action: CheckAction;
};

const DRIVER = /^(filter|diff|merge|working-tree-encoding)=(.+)$/;
/** They come with git and run nothing. */
const BUILT_IN = new Set(
  [
    ...['merge=text', 'merge=binary', 'merge=union', 'working-tree-encoding=UTF-8'],
    ...['ada', 'bash', 'bibtex', 'cpp', 'csharp', 'css', 'dts', 'elixir', 'fortran', 'fountain'],
    ...['golang', 'html', 'java', 'kotlin', 'markdown', 'matlab', 'objc', 'pascal', 'perl', 'php'],
    ...['python', 'ruby', 'rust', 'scheme', 'tex'],
  ].map((name) => (name.includes('=') ? name : `diff=${name}`)),
);

/** They count in every directory. */
export const isAttributes = ({ path }: Change): boolean =>
  foldName(path.slice(path.lastIndexOf('/') + 1)) === '.gitattributes';

/** `contents`: of small enough files, by their id. */
export function checkAttributes(
  { changes, findings, show }: Inspection,
  contents: ReadonlyMap<string, Buffer>,
): void {
  for (const change of changes) {
    const { commit, path, now, before } = change;
    if (!now || !isAttributes(change)) continue;
    const where = { rule: 'gitattributes' as const, commit, path: show(path) };
    const content = contents.get(now.id);
    if (content === undefined || now.mode === SYMLINK) {
      findings.add({ ...where, detail: 'It is too large, or a link' });
      continue;
    }
    const old = before.flatMap(({ id }) => findDrivers(contents.get(id) ?? NOTHING));
    for (const { text, line, attribute, action } of findDrivers(content))
      if (!old.some((one) => one.text === text)) {
        const detail = `The attribute ${attribute} makes git run a program of whoever reads it`;
        findings.add({ ...where, action, line, detail });
      }
  }
}

const NOTHING = Buffer.alloc(0);

/** The lines of a `.gitattributes` that name a driver. Of a line, the gravest. */
function findDrivers(content: Buffer): DriverLine[] {
  return content
    .toString()
    .split('\n')
    .flatMap((text, index) => {
      const drivers = text
        .trim()
        .split(/\s+/)
        .filter((word) => DRIVER.test(word) && !BUILT_IN.has(word));
      const gravest = drivers.find((word) => !isLargeFileStorage(word)) ?? drivers[0];
      if (gravest === undefined || text.startsWith('#')) return [];
      const action: CheckAction = isLargeFileStorage(gravest) ? 'review' : 'block';
      const attribute = DRIVER.exec(gravest)?.[1] ?? '';
      return [{ text: text.trim(), line: index + 1, attribute, action }];
    });
}

/** The one driver that most machines have, under this name. */
const isLargeFileStorage = (word: string) => /^(?:filter|diff|merge)=lfs$/.test(word);
