/** Reads the path of a request as the rules see it; what two servers could read in two ways is refused. */
import { isUtf8 } from 'node:buffer';
import { Denied } from './denied.ts';

const ESCAPE = /%([0-9A-Fa-f]{2})/g;
const BAD_ESCAPE = /%(?![0-9A-Fa-f]{2})/;
/** What a path may hold as it is (RFC 3986, `pchar`), but `;`, which begins a parameter. */
const PATH_CHARACTER = /[A-Za-z0-9\-._~!$&'()*+,:@=]/;
/** As they are, controls, spaces, bytes over ASCII, a fragment and `\` have no place in a target. */
const NOT_IN_TARGET = /[^\x21-\x7e]|[#\\]/;
/** Nobody escapes so often but to hide something, and each round takes its time. */
const MAX_ROUNDS = 4;
/** Nothing in it can be read in two ways: most paths are like that, and need no closer look. */
const PLAIN_PATH = /^(?:\/(?!\.)[\w\-.~!$&'()*+,:@=]*)+$/;
/** `..;a` too: some servers take parameters off before they look; others do so with blanks. */
const DOT_SEGMENT = /^\s*\.{1,2}\s*(?:;.*)?$/s;

/**
 * What comes back is for comparing; what goes on is what the guest sent.
 *
 * `path`: printable ASCII, beginning with `/`; escapes of plain characters are undone and all
 * others upper case. `%2F` stays, for hosts where it is part of a name (`/@scope%2Fpackage`):
 * `matchRequest` lets it fit only where the rule itself has it. `query`: as sent, without `?`.
 *
 * @throws {Denied} `malformed`.
 */
export function normalisePath(pathAndQuery: string): { path: string; query: string } {
  if (!pathAndQuery.startsWith('/')) throw malformed('the path does not begin with a slash');
  if (NOT_IN_TARGET.test(pathAndQuery)) {
    throw malformed('the path or the query has a character that must be escaped');
  }
  const question = pathAndQuery.indexOf('?');
  const end = question < 0 ? pathAndQuery.length : question;
  const written = pathAndQuery.slice(0, end);
  const query = pathAndQuery.slice(end + 1);
  if (PLAIN_PATH.test(written)) return { path: written, query };
  checkPath(written);
  return { path: normaliseEscapes(written), query };
}

/** The same path in the one way of writing it that paths are compared in. */
export function normaliseEscapes(path: string): string {
  return path.replace(ESCAPE, (written, hex) => {
    const character = String.fromCharCode(Number.parseInt(hex, 16));
    return PATH_CHARACTER.test(character) ? character : written.toUpperCase();
  });
}

function checkPath(written: string): void {
  if (BAD_ESCAPE.test(written)) throw malformed('the path has a broken escape');
  const once = undoEscapes(written);
  if (!isUtf8(Buffer.from(once, 'latin1'))) throw malformed('the path is not UTF-8');
  // A server behind a server may undo escapes again; then nothing that divides may come to light.
  const decoded = undoAllEscapes(once, MAX_ROUNDS);
  if (/[\x00-\x1f\x7f]/.test(decoded)) throw malformed('the path has an escaped control character');
  if (decoded.includes('\\')) throw malformed('the path has an escaped backslash');
  if (slashes(decoded) > slashes(once)) throw malformed('the path has a slash escaped twice');
  const segments = Buffer.from(decoded, 'latin1').toString().normalize('NFKC').split(/[/\\]/);
  if (segments.some((segment) => DOT_SEGMENT.test(segment))) {
    throw malformed('the path has a dot segment');
  }
}

function slashes(text: string): number {
  return text.split('/').length;
}

function undoAllEscapes(text: string, rounds: number): string {
  const next = undoEscapes(text);
  if (next === text) return text;
  if (rounds === 0) throw malformed('the path has escapes of escapes');
  return undoAllEscapes(next, rounds - 1);
}

/** One character a byte. */
function undoEscapes(text: string): string {
  return text.replace(ESCAPE, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
}

function malformed(detail: string): Denied {
  return new Denied('malformed', detail);
}
