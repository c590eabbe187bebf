/**
 * Makes text that an agent wrote fit for GitHub: nobody is called, no issue is closed or pointed at
 * but the one that started the run, nothing is hidden, linked or loaded, and no line is a trailer.
 */
import { code, visible } from './guest-text.ts';

/** The one that started the run, which may be named; 0: none did. */
type Issue = number;

const LARGEST = { message: 20_000, title: 200, markdown: 30_000 };
const CLOSING = /\b(close[sd]?|fix(?:e[sd])?|resolve[sd]?)\b(\s*:?\s+)/.source;
/** `#7`, `GH-7`, `owner/name#7`, the address of an issue. */
const REFERENCE = /(?:[\w.-]+\/[\w.-]+)?#\d+|GH-\d+|https?:\/\/\S+\/(?:issues|pull)\/\d+/.source;
const CLOSES = new RegExp(`${CLOSING}(${REFERENCE})`, 'gi');

/** What GitHub, or a tool of git, would take for somebody's word. */
const TRAILER = /^[ \t]*((?:[A-Za-z]+-)*(?:by|for)|Bottle-[A-Za-z-]+|skip-checks)[ \t]*:.*$/gim;
const SKIPS = /\[((?:skip|no) (?:ci|actions)|(?:ci|actions) skip)\]/gi;

/** A commit's message: plain text, of which GitHub reads mentions, references and trailers. */
export function cleanMessage(message: string, issue: Issue): string {
  const text = visible(message.slice(0, LARGEST.message))
    .replace(SKIPS, '($1)')
    .replace(TRAILER, (line) => `(${line.trim()})`)
    .replace(/(^|[^\w`])@(?=[a-z0-9])/gim, '$1@ ');
  return unlinked(text, issue).trim() || 'Work of the agent';
}

/** One line: titles become messages of commits when pull requests are squashed. */
export function cleanTitle(text: string, issue: Issue): string {
  const first = text.split('\n').find((line) => /[\p{L}\p{N}]/u.test(line)) ?? '';
  const line = cleanMessage(first.replace(/^[#>*\-\s]+/, '').replace(/[*`]+/g, ''), issue);
  const characters = [...line.replace(/\s+/g, ' ')];
  if (characters.length <= LARGEST.title) return characters.join('');
  return `${characters.slice(0, LARGEST.title - 1).join('')}…`;
}

/** No reference is left but to `issue`, with or without a word that closes it. */
function unlinked(text: string, issue: Issue): string {
  return text
    .replace(/(?:[\w.-]+\/[\w.-]+)?#(\d+)/g, (reference, number) =>
      reference === `#${issue}` ? reference : reference.replace(`#${number}`, `# ${number}`),
    )
    .replace(/\bGH-(\d+)/gi, 'GH $1')
    .replace(/(\/(?:issues|pull|discussions)\/)(\d+)/g, '$1 $2');
}

/** GitHub draws these instead of showing them, or offers to apply them. */
const DRAWN = ['mermaid', 'math', 'geojson', 'topojson', 'stl', 'suggestion'];
const FENCE = /^ {0,3}(`{3,}|~{3,})[ \t]*([\w+#.-]{0,20})[^`]*$/;

/**
 * Markdown that keeps its paragraphs, lists, headings, emphasis and code. All else is shown as it is
 * written. What is code is decided here and written anew, so that GitHub cannot see it otherwise.
 */
export function cleanMarkdown(text: string, issue: Issue): string {
  const isCut = text.length > LARGEST.markdown;
  const lines = visible(text.slice(0, LARGEST.markdown)).split('\n');
  const out: string[] = [];
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? '';
    const [, fence = '', language = ''] = FENCE.exec(line) ?? [];
    if (fence === '') {
      out.push(cleanLine(line, issue));
      continue;
    }
    const end = lines.findIndex((later, index) => index > at && isEnd(later, fence));
    const until = end < 0 ? lines.length : end;
    out.push('', ...codeBlock(lines.slice(at + 1, until), language), '');
    at = until;
  }
  const cleaned = out.join('\n').trim();
  return isCut ? `${cleaned}\n\nCut here: all of it is in \`result.md\` of the artifact.` : cleaned;
}

function isEnd(line: string, fence: string): boolean {
  const found = /^ {0,3}(`{3,}|~{3,})[ \t]*$/.exec(line)?.[1] ?? '';
  return found[0] === fence[0] && found.length >= fence.length;
}

function codeBlock(lines: readonly string[], language: string): string[] {
  const content = lines.map((line) => line.replace(CLOSES, '$1$2($3)'));
  const longest = Math.max(
    2,
    ...content.flatMap((line) => line.match(/`+/g) ?? []).map(({ length }) => length),
  );
  const fence = '`'.repeat(longest + 1);
  return [`${fence}${DRAWN.includes(language.toLowerCase()) ? '' : language}`, ...content, fence];
}

const IMAGE = /!\[([^\]]*)\]\([^)]*\)/g;
const SPAN = /(`+)(?!`)(.+?)(?<!`)\1(?!`)/g;

/** Code spans are taken out first, so that what stands beside them is text and nothing else. */
function cleanLine(line: string, issue: Issue): string {
  const [start = ''] = /^[ \t]*(?:#{1,6} |> ?|[-*+] |\d{1,9}[.)] )*/.exec(line) ?? [];
  const rest = line.slice(start.length).replace(IMAGE, '(image removed: $1)');
  let cleaned = '';
  let from = 0;
  for (const match of rest.matchAll(SPAN)) {
    cleaned = apart(cleaned, cleanProse(rest.slice(from, match.index), issue));
    cleaned = apart(cleaned, code(match[2] ?? ''));
    from = match.index + match[0].length;
  }
  return start + apart(cleaned, cleanProse(rest.slice(from), issue));
}

/** Backticks that touch are one run, which would end neither span. */
function apart(left: string, right: string): string {
  return left.endsWith('`') && right.startsWith('`') ? `${left} ${right}` : left + right;
}

/** What may call, point or link, as a whole word: it is shown as code. */
const ACTIVE = /@[\w.-]|:\/\/|www\.|mailto:|xmpp:|#\d|GH-\d/i;

function cleanProse(text: string, issue: Issue): string {
  return text
    .split(/(\s+)/)
    .map((word) => (ACTIVE.test(word) ? cleanWord(word, issue) : plain(word)))
    .join('');
}

function cleanWord(word: string, issue: Issue): string {
  const [, before = '', own, after = ''] = /^([("']*)(#\d+)([.,;:!?)"']*)$/.exec(word) ?? [];
  if (own !== undefined && own === `#${issue}`) return plain(before) + own + plain(after);
  return code(word);
}

/** Backslashes first: one that the text has must not undo one of ours. */
function plain(text: string): string {
  return text
    .replace(/[\\`[\]~]/g, '\\$&')
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/\$/g, '&#36;');
}
