/** Names that file systems take for other names: by case, by Unicode, by Windows' and macOS's rules. */

/** HFS+ does not see these. */
const IGNORED_BY_HFS = /[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]/g;
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
  const seen = name.normalize('NFC').replace(IGNORED_BY_HFS, '');
  const kept = seen.replace(/(?!^):.*$/s, '').replace(/(?<=[^. ])[. ]+$/, '');
  // Both, so that the long s and the Kelvin sign become letters.
  return kept.toUpperCase().toLowerCase().normalize('NFC');
}

/** Why one name of a path is not taken as it is; undefined: nothing is wrong with it. */
export function nameFault(name: string): string | undefined {
  if (name === '' || name === '.' || name === '..') return 'it has a name that is no name';
  if (name.includes('\ufffd')) return 'it has a name that is not UTF-8';
  if (/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(name)) return 'it has a name with hidden characters';
  if (name.includes('\\')) return 'it has a name with a backslash, which Windows takes for a slash';
  if (foldName(name) === '.git') return 'it has a name that stands for .git';
  if (SHORT_NAME.test(name)) return 'it has a name that Windows takes for a longer one';
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
