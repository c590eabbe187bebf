/**
 * Finds tokens of well-known vendors by secretlint's recommended rules. Left out are its rule for
 * comments that switch the others off, since the guest could write them, and the one for a file that
 * is a GCP key, whose private key another rule finds. Not found are tokens that are encoded, that
 * follow a letter directly, or that are longer than `MAX_HELD`.
 */
import type { Match } from './matcher.ts';
import { hasCandidate } from './token-candidate.ts';

export type TokenRules = (text: string) => Promise<Match[]>;

/** Labels are `<rule>/<message>`. */
export type TokenStream = {
  push(chunk: Uint8Array): Promise<readonly Match[]>;
  end(): Promise<readonly Match[]>;
  /** How many bytes at the end may turn out to be part of a match. */
  held(): number;
};

const LEFT_OUT = ['filter-comments', 'gcp'];
const RULE = '@secretlint/secretlint-rule-';
/** Key IDs of AWS are looked for as well; its account numbers, which come with them, are no secret. */
const OPTIONS = { enableIDScanRule: true };
const NO_SECRET = 'AWSAccountID';

/** Only where something is to be searched: it takes 60 ms. */
export async function loadTokenRules(): Promise<TokenRules> {
  const [{ lintSource }, preset] = await Promise.all([
    import('@secretlint/core'),
    import('@secretlint/secretlint-rule-preset-recommend'),
  ]);
  const rules = preset.rules
    .filter(({ meta }) => !LEFT_OUT.includes(meta.id.replace(RULE, '')))
    .map((rule) => ({ id: rule.meta.id, rule, options: OPTIONS }));
  return async (content) => {
    const { messages } = await lintSource({
      source: { filePath: 'body', content, ext: '', contentType: 'text' },
      options: { config: { rules }, noPhysicFilePath: true },
    });
    return messages
      .filter(({ messageId }) => messageId !== NO_SECRET)
      .map(({ ruleId, messageId, range: [start, end], data }) => ({
        label: `${ruleId.replace(RULE, '')}/${messageId}`,
        start,
        end: Math.max(end, endOfValue(content, start, data)),
      }));
  };
}

/** Where a rule names the variable before the token, its range is too short by that name. */
function endOfValue(text: string, start: number, data: unknown): number {
  const ends = Object.values(data ?? {}).map((value) => {
    const at = typeof value === 'string' ? text.indexOf(value, start) : -1;
    return at < 0 || at > start + MAX_NAME ? 0 : at + String(value).length;
  });
  return Math.max(0, ...ends);
}

const MAX_NAME = 100;

/** The longest token that is kept back whole while it arrives, in bytes. */
export const MAX_HELD = 4096;
const MAX_KEY = 12_000;

const OPEN_ASSIGNMENT = /["']?(?:aws)?_?secret_?access_?key["']?\s{0,20}(?::|=>|=)?\s{0,20}["']?$/i;
const OPEN_KEY = /^-----BEGIN[A-Z ]{0,30}(?:-----[\w+/=\s\\-]*|-{0,4})$/;

/** `load` is called when there is something to give to the rules. */
export function matchTokens(load: () => Promise<TokenRules>): TokenStream {
  /** What is not decided, and one byte before it. */
  let kept: Buffer = Buffer.alloc(0);
  let base = 0;
  let held = 0;

  /** `open`: where begins what may become a match; one that reaches into it may become longer. */
  async function search(text: Buffer, open: number): Promise<Match[]> {
    const found = hasCandidate(text) ? await (await load())(text.toString('latin1')) : [];
    const until = found
      .toSorted((a, b) => b.start - a.start)
      .reduce((least, { start, end }) => (end > least ? Math.min(start, least) : least), open);
    held = text.length - until;
    const from = Math.max(0, until - 1);
    // A copy: the caller may use its chunk again.
    kept = Buffer.from(text.subarray(from));
    const matches = found
      .filter(({ end }) => end <= until)
      .map(({ label, start, end }) => ({
        label,
        start: base + start,
        end: base + end,
      }));
    base += from;
    return matches;
  }

  return {
    push(chunk) {
      const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
      const text = kept.length > 0 ? Buffer.concat([kept, bytes]) : bytes;
      return search(text, unfinishedAt(text));
    },
    end: () => search(kept, kept.length),
    held: () => held,
  };
}

/** Where what may become a match begins: an open key, an assignment or the last word. */
function unfinishedAt(text: Buffer): number {
  let word = text.length;
  const least = Math.max(0, text.length - MAX_HELD);
  while (word > least && (text[word - 1] ?? 0) > 0x20) word--;
  const before = text.toString('latin1', Math.max(0, word - MAX_NAME), word);
  const assignment = OPEN_ASSIGNMENT.exec(before);
  const start = Math.max(0, text.length - MAX_KEY);
  const end = text.subarray(start);
  const key = end.lastIndexOf('-----BEGIN');
  const isOpenKey = key >= 0 && OPEN_KEY.test(end.toString('latin1', key));
  return Math.min(word - (assignment?.[0].length ?? 0), isOpenKey ? start + key : word);
}
