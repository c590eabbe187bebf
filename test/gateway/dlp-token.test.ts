import { rules } from '@secretlint/secretlint-rule-preset-recommend';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createScan, DlpDenied } from '../../src/gateway/dlp/scan.ts';
import { detectTokens } from '../../src/gateway/dlp/token-detector.ts';
import { loadTokenRules, MAX_HELD } from '../../src/secret/token-pattern.ts';

const lint = await loadTokenRules();

/** So many characters of this kind; no token stands in this file as a whole. */
const some = (count: number, letters = 'a1B2c3D4e5F6g7H8i9J0') =>
  letters.repeat(100).slice(0, count);
const lower = (count: number) => some(count, 'abcdef0123456789');
const pem = (newline: string) =>
  [
    '-----BEGIN RSA PRIVATE KEY-----',
    `MI${some(62)}`,
    some(64),
    some(64),
    '-----END RSA PRIVATE KEY-----',
  ].join(newline);
const opItem = Buffer.from(
  JSON.stringify({ email: some(90), last: { a: 1 } }).replace(/}}$/, ' }}'),
);

/** By the rule that finds them. */
const EXAMPLES: Readonly<Record<string, readonly string[]>> = {
  aws: [
    `AKIA${some(16, 'ABCD1234')}`,
    `AWS_SECRET_ACCESS_KEY = "${some(40)}"`,
    `{"SecretAccessKey" :  "${some(40)}"}`,
  ],
  privatekey: [pem('\n'), JSON.stringify(pem('\n'))],
  npm: [`npm_${some(36)}`],
  basicauth: [`https://joe:${some(9)}@db.internal.test`],
  slack: [
    `xoxb-${some(12)}-${some(12)}`,
    `https://hooks.slack.com/services/T${some(8)}/B${some(8)}/${some(24)}`,
  ],
  sendgrid: [`SG.${some(22)}.${some(43)}`],
  shopify: [`shpat_${some(32)}`],
  stripe: [`sk_live_${some(24)}`, `rk_test_${some(24)}`],
  github: [
    `ghp_${some(36)}`,
    `github_pat_${some(82)}`,
    `ghs_12345_${some(40)}.${some(400)}.${some(80)}`,
  ],
  gitlab: [`glpat-${some(20)}`],
  grafana: [`glc_${some(40)}`, `glsa_${some(32)}_${lower(8)}`],
  openai: [`sk-proj-${some(74)}T3BlbkFJ${some(74)}`, `sk-${some(20)}T3BlbkFJ${some(20)}`],
  anthropic: [`sk-ant-api03-${some(93)}AA`],
  groq: [`gsk_${some(52)}`],
  huggingface: [`hf_${some(34, 'abcXYZ')}`],
  linear: [`lin_api_${some(40)}`],
  notion: [`ntn_${some(11, '123')}${some(35)}`],
  '1password': [`ops_${opItem.toString('base64')}`],
  'database-connection-string': [
    `mongodb+srv://joe:${some(9)}@db.internal.test/prod?a=b`,
    `jdbc:mysql://joe:${some(9)}@db.internal.test/prod`,
    `Postgres://joe:${some(9)}@db.internal.test:5432/prod`,
  ],
  'hashicorp-vault': ['s', 'b', 'r'].map((kind) => `hv${kind}.${some(kind === 'b' ? 140 : 95)}`),
  vercel: ['vcp', 'vci', 'vca', 'vcr', 'vck'].map((kind) => `${kind}_${some(24)}`),
  databricks: [`dapi${lower(32)}`],
  docker: [`dckr_pat_${some(27)}`],
  figma: [`figd_${some(43)}`],
  cloudflare: ['cfk', 'cfut', 'cfat'].map((kind) => `${kind}_${some(40)}${lower(8)}`),
  tailscale: [`tskey-auth-${some(17)}-${some(32)}`],
};

/** What the rules say of the whole text at once. */
async function starred(text: string): Promise<string> {
  const letters = [...text];
  for (const { start, end } of await lint(text)) letters.fill('*', start, end);
  return letters.join('');
}

async function redact(text: string, places: readonly number[]): Promise<string> {
  const scan = createScan({
    where: 'body',
    detectors: [detectTokens(async () => lint)],
    watchers: [],
    onMatch: 'redact',
  });
  const ends = [...places.map((place) => place % (text.length + 1)), text.length].toSorted(
    (a, b) => a - b,
  );
  const parts: Uint8Array[] = [];
  let start = 0;
  for (const end of ends) {
    parts.push(await scan.push(Buffer.from(text.slice(start, end), 'latin1')));
    start = end;
  }
  return Buffer.concat([...parts, await scan.end()]).toString('latin1');
}

const cases = Object.entries(EXAMPLES).flatMap(([rule, texts]) =>
  texts.map((text) => ({ rule, text })),
);

describe('a token', () => {
  test('of each rule is tried here', () => {
    const ids = rules.map(({ meta }) => meta.id.replace('@secretlint/secretlint-rule-', ''));
    expect([...Object.keys(EXAMPLES), 'gcp', 'filter-comments'].toSorted()).toEqual(ids.toSorted());
  });

  test.each(cases)(
    'of $rule is found, at once and letter by letter: $text',
    async ({ rule, text }) => {
      const body = `some text: ${text} and more`;
      expect((await lint(body)).map(({ label }) => label.split('/')[0])).toContain(rule);
      const expected = await starred(body);
      expect(await redact(body, [])).toBe(expected);
      expect(
        await redact(
          body,
          [...body].map((_, at) => at),
        ),
      ).toBe(expected);
    },
  );

  test('is found in any surroundings, however they are cut', async () => {
    const example = fc.constantFrom(...cases.map(({ text }) => ` ${text} `));
    const noise = fc.oneof(
      fc.string({ maxLength: 40 }),
      fc.constantFrom(' ', '\n', '"', '=', '-----BEGIN', 'sk-', `${some(300)} `),
    );
    const body = fc
      .array(fc.oneof(example, noise), { maxLength: 8 })
      .map((parts) => parts.join(''));
    await fc.assert(
      fc.asyncProperty(body, fc.array(fc.nat(), { maxLength: 8 }), async (text, places) => {
        expect(await redact(text, places)).toBe(await starred(text));
      }),
      { numRuns: 500 },
    );
  });

  test('is covered itself, where the rule names its variable', async () => {
    const seen = await redact(`AWS_SECRET_ACCESS_KEY = "${some(40)}" and more`, []);
    expect(seen).toMatch(/^\*+" and more$/);
  });

  test('is found beside a comment that would switch the rules off', async () => {
    const token = `ghp_${some(36)}`;
    const body = `// secretlint-disable\n${token} // secretlint-disable-line\n`;
    expect(await redact(body, [])).toBe(body.replace(token, '*'.repeat(token.length)));
  });

  test('stops a body before it went on', async () => {
    const token = `ghp_${some(36)}`;
    const scan = createScan({
      where: 'body',
      detectors: [detectTokens(async () => lint)],
      watchers: [],
      onMatch: 'block',
    });
    expect(Buffer.from(await scan.push(Buffer.from(`a b ${token.slice(0, 20)}`))).toString()).toBe(
      'a b ',
    );
    await expect(scan.push(Buffer.from(`${token.slice(20)} c`))).rejects.toThrow(DlpDenied);
  });

  test('keeps back nothing after a line, and no more than it must of a word', async () => {
    const detector = detectTokens(async () => lint);
    await detector.push(Buffer.from('data: {"text": "hello"}\n\n'));
    expect(detector.held()).toBe(0);
    await detector.push(Buffer.from('x'.repeat(100_000)));
    expect(detector.held()).toBe(MAX_HELD);
  });
});
