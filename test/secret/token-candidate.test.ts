import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CANDIDATE, hasCandidate } from '../../src/secret/token-candidate.ts';

/** One text for each way in which a candidate can look. */
const SAMPLES = [
  ...'A3T AKIA AGPA AIDA AROA AIPA ANPA ANVA ASIA'
    .split(' ')
    .map((start) => `${start}ABCDEFGHIJ12345`),
  ...['ACCESS', 'Access', 'access'].flatMap((one) =>
    ['', '_'].flatMap((join) => ['KEY', 'Key', 'key'].map((two) => one + join + two)),
  ),
  ...'-----BEGIN npm_ ops_ey ntn_1 ghp_ gho_ ghu_ ghs_ ghr_ github_pat_ glpat- glc_ glsa_ lin_api_'.split(
    ' ',
  ),
  ...'gsk_ sk-ant-api T3BlbkFJ sk_live_ sk_test_ rk_live_ rk_test_ shppa_ shpca_ shpat_ shpss_'.split(
    ' ',
  ),
  ...'SG.a.b xoxb- xoxp- xoxa- xoxo- xoxr- xapp- dckr_pat_ figd_ tskey-'.split(' '),
  ...'vcp vci vca vcr vck cfk cfut cfat'.split(' ').map((start) => `${start}_${'a1'.repeat(10)}`),
  `hf_${'a'.repeat(34)}`,
  ...'sbr'.split('').map((kind) => `hv${kind}.${'a-'.repeat(45)}`),
  `dapi${'0f'.repeat(16)}`,
  '://user:word@',
  '://-:-@',
  ...'hooks.slack.com HOOKS.SLACK.COM mongodb MongoDB mysql MySQL postgres POSTGRES'.split(' '),
];

test.each(SAMPLES)('%s is a candidate wherever it stands', (sample) => {
  expect(CANDIDATE.test(sample)).toBe(true);
  for (const before of ['', ' ', '  ', '\n\n\n', 'é', '-', '0', 'aaaaaaa'])
    for (const after of ['', ' ', '\n\n']) {
      const text = Buffer.from(before + sample + after, 'latin1');
      expect(hasCandidate(text), JSON.stringify(before)).toBe(true);
      expect(hasCandidate(text.subarray(0, before.length + sample.length - 1))).toBe(
        CANDIDATE.test(text.toString('latin1', 0, before.length + sample.length - 1)),
      );
    }
});

test('each alternative of the pattern has a sample', () => {
  const alternatives = CANDIDATE.source.split(/\|(?![^(]*\))/);
  for (const alternative of alternatives)
    expect(
      SAMPLES.some((sample) => new RegExp(`^(?:${alternative})`).test(sample)),
      alternative,
    ).toBe(true);
});

test('the fast way and the plain one say the same of any text', () => {
  const piece = fc.oneof(
    fc.constantFrom(...SAMPLES),
    fc
      .constantFrom(...SAMPLES)
      .chain((text) => fc.nat(text.length).map((end) => text.slice(0, end))),
    fc
      .constantFrom(...SAMPLES)
      .chain((text) => fc.nat(text.length).map((from) => text.slice(from))),
    fc.string({ maxLength: 6 }),
    fc.constantFrom('_', ':', '//', '@', '-', 'sk', 'SG.', 'x'.repeat(20), '0'.repeat(35)),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 6 }), (pieces) => {
      const bytes = Buffer.from(pieces.join(''), 'latin1');
      expect(hasCandidate(bytes)).toBe(CANDIDATE.test(bytes.toString('latin1')));
    }),
    { numRuns: 5_000 },
  );
});
