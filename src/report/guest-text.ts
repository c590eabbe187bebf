/** Makes text that a guest wrote harmless in Markdown: all of it visible, short, and only text. */

/**
 * Code is the one place in GitHub's Markdown where nothing is read: no HTML, no link (also no bare
 * one), no image, no mention, no issue reference. So guest text is a code span or a fenced block.
 */
const LONGEST_SPAN = 120;

/** What changes the sight of a text without being seen: direction, joiners, tags, fillers. */
const INVISIBLE = /(?!\ufe0e|\ufe0f)[\p{Cf}\p{Default_Ignorable_Code_Point}]/gu;

/** Text in which every character shows and only `\n` breaks a line. */
export function visible(text: string): string {
  return text
    .toWellFormed()
    .replace(/\r\n?|[\v\f\u0085\u2028\u2029]/g, '\n')
    .replace(/[\0-\x08\x0e-\x1f]/g, (char) => String.fromCharCode(0x2400 + char.charCodeAt(0)))
    .replace(/\x7f/g, '\u2421')
    .replace(/[\x80-\x9f]/g, '\ufffd')
    .replace(INVISIBLE, (char) => `<U+${char.codePointAt(0)?.toString(16).toUpperCase()}>`);
}

/** One line as a code span, also fit for a table's cell. Longer text ends in `…`. */
export function code(text: string): string {
  const line = visible(text.slice(0, 2 * LONGEST_SPAN))
    .replace(/\n/g, '⏎')
    .replace(/\t/g, ' ')
    // What `\|` means in a table depends on what stands before it: no pipe is left.
    .replace(/\|/g, '¦');
  const characters = [...line];
  const short = text.length > 2 * LONGEST_SPAN || characters.length > LONGEST_SPAN;
  const content = short ? `${characters.slice(0, LONGEST_SPAN).join('')}…` : line;
  if (content.trim() === '') return '`(empty)`';
  const fence = '`'.repeat(longestRun(content) + 1);
  // One space at both ends is taken away by the reader, and keeps the fence apart from backticks.
  const pad = /^[` ]|[` ]$/.test(content) ? ' ' : '';
  return `${fence}${pad}${content}${pad}${fence}`;
}

/** A fenced block of at most `maxBytes` (UTF-8) of text; `rest` says where the whole of it is. */
export function fenced(text: string, language: string, maxBytes: number, rest: string): string {
  const { shown, cut } = clip(text, maxBytes);
  const fence = '`'.repeat(Math.max(3, longestRun(shown) + 1));
  const block = `${fence}${language}\n${shown.replace(/\n$/, '')}\n${fence}`;
  return cut ? `${block}\n\nCut here: the first ${formatKib(maxBytes)} are shown. ${rest}` : block;
}

/** The first `maxBytes` of the visible text, never half a character. */
function clip(text: string, maxBytes: number): { shown: string; cut: boolean } {
  const bytes = Buffer.from(visible(text.slice(0, maxBytes)));
  const cut = text.length > maxBytes || bytes.length > maxBytes;
  const decoder = new TextDecoder();
  return { shown: decoder.decode(bytes.subarray(0, maxBytes), { stream: true }), cut };
}

function longestRun(text: string): number {
  return Math.max(0, ...(text.match(/`+/g) ?? []).map((run) => run.length));
}

function formatKib(bytes: number): string {
  return `${Math.round(bytes / 1024)} KiB`;
}
