/**
 * Text that somebody else wrote, made fit for an error, a list or a notice: nothing hidden in it, no
 * longer than said. For the log's stream of guest output see `host/sanitise.ts`.
 */

/** Controls, formats, unassigned code points and whatever else shows nothing or moves its neighbours. */
const HIDDEN = /^[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]$/u;
const COLOUR = /\u001b\[[0-?]*[ -/]*[@-~]/gu;
const BLANK = /[\p{Z}\t\n\v\f\r]+/gu;
const LINE_BREAK = /\r\n|\n|\r/;

/** One line: hidden characters become `<U+XXXX>`, and what is over `most` characters `…`. */
export function printable(text: string, most = 300): string {
  let shown = '';
  for (const character of text) {
    const next = shown + show(character);
    if (next.length > most) return `${shown}…`;
    shown = next;
  }
  return shown;
}

/**
 * What a program said, as one line: its colours gone, its line breaks spaces. Over `most` characters
 * the end is kept, where programs say why they gave up.
 */
export function printableEnd(text: string, most = 500): string {
  const line = text.replace(COLOUR, '').replace(BLANK, ' ').trim();
  let shown = '';
  for (const piece of Array.from(line, show).toReversed()) {
    if (shown.length + piece.length > most) return `…${shown}`;
    shown = piece + shown;
  }
  return shown;
}

/** The last `most` lines of what a program said that are not blank: colours gone, each line capped. */
export function printableLines(text: string, most: number): string {
  return text
    .replace(COLOUR, '')
    .split(LINE_BREAK)
    .map((line) => line.replace(BLANK, ' ').trimEnd())
    .filter((line) => line !== '')
    .slice(-most)
    .map((line) => printable(line))
    .join('\n');
}

function show(character: string): string {
  if (!HIDDEN.test(character)) return character;
  const code = character.codePointAt(0) as number;
  return `<U+${code.toString(16).toUpperCase().padStart(4, '0')}>`;
}
