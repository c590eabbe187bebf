/**
 * Finds tokens of well-known vendors by secretlint's recommended rules. Left out are its rule for
 * comments that switch the others off, since the guest could write them, and the one for a file that
 * is a GCP key, whose private key another rule finds. Not found are tokens that are encoded, that
 * follow a letter directly, or that are longer than `MAX_HELD`.
 */
import type { SecretLintRuleCreator } from '@secretlint/types';
import type { Detection, Detector } from './detector.ts';

type Found = Pick<Detection, 'label' | 'start' | 'end'>;
export type TokenRules = (text: string) => Promise<Found[]>;

const LEFT_OUT = ['filter-comments', 'gcp'];
const RULE = '@secretlint/secretlint-rule-';

/** Only where a route asks for it: it takes 60 ms. */
export async function loadTokenRules(): Promise<TokenRules> {
  const [{ lintSource }, preset] = await Promise.all([
    import('@secretlint/core'),
    import('@secretlint/secretlint-rule-preset-recommend'),
  ]);
  const rules = preset.rules
    .filter(({ meta }) => !LEFT_OUT.includes(meta.id.replace(RULE, '')))
    .map((rule) => ({ id: rule.meta.id, rule: rule as SecretLintRuleCreator }));
  return async (content) => {
    const { messages } = await lintSource({
      source: { filePath: 'body', content, ext: '', contentType: 'text' },
      options: { config: { rules }, noPhysicFilePath: true },
    });
    return messages.map(({ ruleId, messageId, range: [start, end] }) => ({
      label: `${ruleId.replace(RULE, '')}/${messageId}`,
      start,
      end,
    }));
  };
}

/** What each match of a rule holds. A text without any of it need not be given to the rules. */
const CANDIDATE = new RegExp(
  [
    'A3T|AKIA|AGPA|AIDA|AROA|AIPA|ANPA|ANVA|ASIA',
    '(?:ACCESS|access|Access)_?(?:KEY|key|Key)|(?:ACCOUNT|account|Account)(?:_?(?:ID|id|Id))?["\']?\\s*(?:=|:)',
    '-----BEGIN',
    'x-oauth-basic@|_authToken=|npm_',
    '://[-\\w]{1,256}:[-\\w]{1,256}@',
    '[xX][oO][xX][bpaor]-|xapp-|hooks\\.slack\\.com',
    'SG\\.|shp(?:pa|ca|at|ss)_|[sr]k_(?:live|test)_',
    'gh[pousr]_|github_pat_|glpat-|glc_|glsa_',
    'sk-(?:proj|svcacct|admin|ant)-|T3BlbkFJ|gsk_|hf_|lin_api_|ntn_|ops_ey',
    'mongodb(?:\\+srv)?://|mysqlx?://|postgres(?:ql)?://',
    'hv[sbr]\\.|vc[piark]_|vck_|dapi|dckr_pat_|figd_|cfk_|cfut_|cfat_|tskey-',
  ].join('|'),
  'i',
);

/** The longest token that is kept back whole while it arrives, in bytes. */
export const MAX_HELD = 4096;
const MAX_KEY = 12_000;

const OPEN_ASSIGNMENT = /(?:access_?key|account(?:_?id)?)["']?\s{0,20}(?::|=>|=)?\s{0,20}["']?$/i;
const OPEN_KEY = /^-----BEGIN[A-Z ]{0,30}(?:-----[\w+/=\s\\-]*|-{0,4})$/;

/** `load` is called when there is something to give to the rules. */
export function detectTokens(load: () => Promise<TokenRules>): Detector {
  /** What is not decided, and one character before it. */
  let kept = '';
  let base = 0;
  let held = 0;

  async function search(text: string, until: number): Promise<Detection[]> {
    const found = CANDIDATE.test(text) ? await (await load())(text) : [];
    return found
      .filter(({ end }) => end <= until)
      .map(({ label, start, end }) => ({
        detector: 'token_patterns',
        label,
        start: base + start,
        end: base + end,
      }));
  }

  return {
    async push(chunk) {
      const text = kept + Buffer.from(chunk).toString('latin1');
      held = text.length - unfinishedAt(text);
      const found = await search(text, text.length - held);
      const from = Math.max(0, text.length - held - 1);
      kept = text.slice(from);
      base += from;
      return found;
    },
    end: () => search(kept, kept.length),
    held: () => held,
  };
}

/** Where what may become a match begins: an open key, an assignment or the last word. */
function unfinishedAt(text: string): number {
  let word = text.length;
  const least = Math.max(0, text.length - MAX_HELD);
  while (word > least && text.charCodeAt(word - 1) > 0x20) word--;
  const assignment = OPEN_ASSIGNMENT.exec(text.slice(Math.max(0, word - 100), word));
  const key = text.lastIndexOf('-----BEGIN');
  const isOpenKey = key >= text.length - MAX_KEY && key >= 0 && OPEN_KEY.test(text.slice(key));
  return Math.min(word - (assignment?.[0].length ?? 0), isOpenKey ? key : word);
}
