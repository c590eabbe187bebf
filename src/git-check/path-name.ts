/** Names that file systems take for other names: by case, by Unicode, by Windows' and macOS's rules. */

/** HFS+ does not see some of these, ext4 with case folding none of them. */
const IGNORED = /\p{Default_Ignorable_Code_Point}/gu;
const SHORT_NAME = /^[^.~]{1,6}~\d{1,6}(?:\.[^.]{0,3})?$/;
/** No colon, and neither dot nor space at the end. */
const PLAIN = /^[!-9;-~]*[!-\-/-9;-~]$/;

/**
 * Equal for names that are one file somewhere. NTFS ends a name at a colon, and drops dots and
 * spaces at its end. Also for paths, name by name.
 */
export function foldName(name: string): string {
  if (name.includes('/')) return name.split('/').map(foldName).join('/');
  if (PLAIN.test(name)) return name.toLowerCase();
  // Decomposed first: case changes the order that marks are sorted by.
  const seen = name.replace(IGNORED, '').normalize('NFD');
  const kept = seen.replace(/(?!^):.*$/s, '').replace(/(?<=[^. ])[. ]+$/, '');
  // To and fro, so that the long s, the Kelvin sign and both sharp s become letters.
  return kept.toLowerCase().toUpperCase().toLowerCase().normalize('NFC');
}

/** Whether Windows may have made up the name, for a longer one that it then stands for. */
export const isShortName = (name: string): boolean => SHORT_NAME.test(name);

/** Why one name of a path is not taken as it is; undefined: nothing is wrong with it. */
export function nameFault(name: string): string | undefined {
  if (name === '' || name === '.' || name === '..') return 'it has a name that is no name';
  if (name.includes('\ufffd')) return 'it has a name that is not UTF-8';
  if (/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(name)) return 'it has a name with hidden characters';
  if (name.includes('\\')) return 'it has a name with a backslash, which Windows takes for a slash';
  if (foldName(name) === '.git') return 'it has a name that stands for .git';
  if (isShortName(name)) return 'it has a name that Windows takes for a longer one';
  return undefined;
}

const MAX_PATH = 4096;

export function pathFault(path: string): string | undefined {
  if (path.length > MAX_PATH) return `it is longer than ${MAX_PATH} characters`;
  return path
    .split('/')
    .map(nameFault)
    .find((fault) => fault !== undefined);
}
