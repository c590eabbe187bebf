/** Takes out of Markdown what a reader on GitHub would not see: the agent reads the same. */

/** GitHub's own limit for a body. */
const MAX_LENGTH = 65_536;
const MAX_ROUNDS = 10;
const CUT = '\n[the text was too long and is cut here]';

/** What was hidden is not lost without a word. */
const REMOVED = '(hidden text removed)';

/** Controls, format characters (bidi, zero-width, tags), unassigned and private ones, fillers. */
const INVISIBLE = /(?!\n)[\p{C}\p{Default_Ignorable_Code_Point}\u115f\u1160\u3164\uffa0\u2800]/gu;
const LINE_END = /\r\n?|[\v\f\u0085\u2028\u2029]/g;
const SPACE = /[\t\p{Zs}]/gu;

/** `<!-- -->`, `<? ?>`, `<![CDATA[ ]]>`, `<!X >`; without an end they hide all that follows. */
const MARKUP = /<!--[\s\S]*?(?:-->|$)|<\?[\s\S]*?(?:\?>|$)|<![A-Za-z[][\s\S]*?(?:>|$)/g;
const QUOTED = /"[^"]{0,4000}"|'[^']{0,4000}'/.source;
/** A tag with attributes, also one that a line begins with and that has no end. */
const TAG = new RegExp(
  `<(/?[A-Za-z][A-Za-z0-9-]{0,30})(?=[\\s/]+[^\\s/>])(?:${QUOTED}|[^<>"'])*>` +
    '|^([ >]*)<(/?[A-Za-z][A-Za-z0-9-]{0,30}) +[^ <>\\n][^<>\\n]*$',
  'gm',
);
const TITLE = /(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\((?:[^()\\]|\\.)*\))/.source;
const LABEL = /\[(?:[^[\]\\]|\\.){1,999}\]/.source;
const ADDRESS = /(?:<[^<>\n]*>|\S+)/.source;
/** `[label]: address "title"`: shown nowhere, if nothing refers to it. */
const DEFINITION = new RegExp(
  `^[ >*+\\-\\d.)]*${LABEL}:[ ]*\\n?[ >]*${ADDRESS}(?:(?:[ ]+|[ ]*\\n[ >]*)${TITLE})?[ ]*$`,
  'gm',
);
/** `](address "title")` */
const LINK_TITLE = new RegExp(
  `(\\]\\([ \\n]*(?:<[^<>\\n]*>|[^\\s()<>]{1,2000}))[ \\n]+${TITLE}[ \\n]*\\)`,
  'g',
);
const ENTITY = /&(?:#(\d{1,7})|#[xX]([0-9a-fA-F]{1,6})|([A-Za-z][A-Za-z0-9]{1,40}));/g;

/** Entities of characters that nobody sees, in lower case. */
const INVISIBLE_NAMES = new Set([
  ...['shy', 'zwj', 'zwnj', 'lrm', 'rlm', 'zerowidthspace', 'nobreak', 'invisibletimes'],
  ...['invisiblecomma', 'applyfunction', 'af', 'ic', 'it', 'negativethinspace'],
  ...['negativemediumspace', 'negativethickspace', 'negativeverythinspace'],
]);
const SPACE_NAMES = new Set([
  ...['nbsp', 'ensp', 'emsp', 'emsp13', 'emsp14', 'numsp', 'puncsp', 'thinsp', 'hairsp'],
  ...['thickspace', 'thinspace', 'mediumspace', 'verythinspace', 'nonbreakingspace', 'tab'],
  ...['newline'],
]);

/** A fence that nothing before it can have turned into something else; GitHub shows all in it. */
const OPENING_FENCE = /^```[A-Za-z0-9_+-]*$/;
const CLOSING_FENCE = /^```$/;
const MAY_BE_HTML = /<[A-Za-z!?/]|~~~/;

/**
 * Plain characters, spaces and line breaks; at most 65 536 of them. Where hidden text stood, a mark
 * says so. Code in plain fences keeps its markup, because there it is seen.
 */
export function visibleText(markdown: string): string {
  const cut = markdown.slice(0, MAX_LENGTH).replace(/\r\n?/g, '\n');
  const parts = splitFences(cut).map(({ text, isCode }) => {
    return isCode ? removeInvisible(text) : removeAllHidden(text);
  });
  const text = parts.join('\n').trim();
  const isWhole = markdown.length <= MAX_LENGTH && text.length <= MAX_LENGTH;
  return isWhole ? text : text.slice(0, MAX_LENGTH) + CUT;
}

type Part = { readonly text: string; readonly isCode: boolean };

/**
 * A fence counts only in the first column, after an empty line, with no HTML anywhere before it:
 * who reads Markdown differently than GitHub does must not find a place to hide.
 */
function splitFences(text: string): readonly Part[] {
  const parts: { lines: string[]; isCode: boolean }[] = [{ lines: [], isCode: false }];
  let isDoubtful = false;
  let before = '';
  for (const line of text.split('\n')) {
    const part = parts.at(-1) as { lines: string[]; isCode: boolean };
    if (!part.isCode && !isDoubtful && before === '' && OPENING_FENCE.test(line)) {
      parts.push({ lines: [line], isCode: true });
    } else {
      part.lines.push(line);
      if (!part.isCode) isDoubtful ||= MAY_BE_HTML.test(line);
      else if (CLOSING_FENCE.test(line)) parts.push({ lines: [], isCode: false });
    }
    before = line;
  }
  return parts.map(({ lines, isCode }) => ({ text: lines.join('\n'), isCode }));
}

/**
 * What is taken out may join what was apart, so this goes on until nothing changes: each round
 * makes the text shorter or puts a mark, which hides nothing, in the place of what did.
 */
function removeAllHidden(given: string): string {
  let text = given;
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const before = text;
    text = removeHidden(text);
    if (text === before) return text;
  }
  // Nobody writes like that but to get something past us.
  return text.replace(/[<>&[\]()]/g, ' ');
}

function removeInvisible(text: string): string {
  return text.replace(LINE_END, '\n').replace(SPACE, ' ').replace(INVISIBLE, '');
}

function removeHidden(text: string): string {
  return removeInvisible(text)
    .replace(MARKUP, REMOVED)
    .replace(TAG, (_, name, start = '', open) => `${start}<${name ?? open}>${REMOVED}`)
    .replace(DEFINITION, REMOVED)
    .replace(LINK_TITLE, `$1)${REMOVED}`)
    .replace(ENTITY, decodeHarmless);
}

/** Letters, digits and spaces as such, invisible ones not at all; possible markup as it was. */
function decodeHarmless(entity: string, decimal: string, hex: string, name: string): string {
  if (name) {
    if (INVISIBLE_NAMES.has(name.toLowerCase())) return '';
    return SPACE_NAMES.has(name.toLowerCase()) ? ' ' : entity;
  }
  const code = decimal ? Number(decimal) : Number.parseInt(hex, 16);
  if (code === 0 || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return '';
  const character = String.fromCodePoint(code);
  if (/[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}]/u.test(character)) {
    return /[\p{Z}\s]/u.test(character) ? ' ' : '';
  }
  return /[\p{L}\p{N}\p{M}]/u.test(character) ? character : entity;
}
