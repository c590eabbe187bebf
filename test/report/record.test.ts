import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { BottleError } from '../../src/errors.ts';
import { startPhases } from '../../src/report/phases.ts';
import { makeRecord, recordSchemaText } from '../../src/report/record.ts';
import { PLAN, SCENARIOS, SUCCESS, sha256 } from './scenario.ts';

const published = readFileSync(new URL('../../schema/run.schema.json', import.meta.url), 'utf8');

describe('the run record', () => {
  test('has a published schema that is the one in use', () => {
    expect(published, 'run: node scripts/docs-record.ts').toBe(recordSchemaText());
  });

  const validate = new Ajv2020({ strict: true, formats: { 'date-time': true } }).compile(
    JSON.parse(published),
  );

  test.each(Object.entries(SCENARIOS))('validates after %s', (_, facts) => {
    const record = makeRecord(facts);
    validate(JSON.parse(JSON.stringify(record)));
    expect(validate.errors).toBeNull();
    expect(record.outcome).toBe(facts.outcome);
  });

  test.each(Object.entries(SCENARIOS))('after %s reads as it did', async (name, facts) => {
    const json = `${JSON.stringify(makeRecord(facts), null, 2)}\n`;
    await expect(json).toMatchFileSnapshot(`record/${name}.json`);
  });

  test.each([{ extra: 1 }, { outcome: 'fine' }, { secretsFound: -1 }])('refuses %j', (change) => {
    expect(validate({ ...makeRecord(SUCCESS), ...change })).toBe(false);
  });

  test.each(Object.entries(SCENARIOS))('says what, where and fix after %s', (_, facts) => {
    const { outcome, reason, where, fix } = makeRecord(facts);
    expect(reason).not.toBe('');
    expect([where === '', fix === '']).toEqual(Array(2).fill(outcome === 'success'));
  });

  test('names the limit that ended the agent and where it was set', () => {
    const { reason, where } = makeRecord(SCENARIOS.idle ?? SUCCESS);
    expect(reason).toContain('silent for 5 minutes');
    expect(where).toContain('.bot-bottle/bottles/dev.md:7');
  });

  test('keeps the problems of an error with their places', () => {
    const problems = [{ message: 'unknown key', file: 'a.md', line: 3 }];
    const error = new BottleError({
      outcome: 'config-invalid',
      what: 'x',
      where: 'y',
      fix: 'z',
      problems,
    });
    expect(makeRecord({ ...SUCCESS, outcome: error.outcome, error }).problems).toEqual(problems);
  });

  test('counts the change and what was used', () => {
    const record = makeRecord(SUCCESS);
    expect(record.change).toMatchObject({
      verdict: 'clean',
      baseCommit: 'b'.repeat(40),
      tip: 'd'.repeat(40),
      commits: [{ subject: 'Greet the world' }],
      files: [{ path: 'greeting.txt', added: 2, removed: 1 }],
    });
    expect(record.limits.minutes).toEqual({ limit: 10, used: 1.023 });
  });

  test('says why work was refused, and what it had begun with', () => {
    const reason = 'It is no bundle';
    const proposal = { kind: 'refused', findings: [], reason, notices: ['n'] } as const;
    const record = makeRecord({ ...SUCCESS, proposal });
    expect(record.change).toMatchObject({
      verdict: 'refused',
      reason: 'It is no bundle',
      baseCommit: 'b'.repeat(40),
      tip: '',
    });
    expect(record.notices).toContain('n');
  });

  test('names an address without what may be a password in it', () => {
    const reference = 'https://me:hunter22@example.com/a.smolmachine?sig=secret#x';
    const image = { kind: 'smolmachine', reference, sha256: '' } as const;
    const plan = { ...PLAN, image: { value: image, source: 'input image' } };
    const record = makeRecord({ ...SUCCESS, plan });
    expect(record.image.reference).toBe('https://example.com/a.smolmachine');
  });

  test('takes the digest of the image that was booted over the planned one', () => {
    const image = { kind: 'smolmachine', reference: 'x.smolmachine', sha256: '' } as const;
    const plan = { ...PLAN, image: { value: image, source: 'input image' } };
    const booted = {
      sha256: sha256('image'),
      platform: 'linux/amd64',
      bytes: 7,
      source: 'path x.smolmachine',
      hit: 'cache',
      milliseconds: 3,
      notices: ['re-fetched'],
    } as const;
    const record = makeRecord({ ...SUCCESS, plan, image: booted });
    const { sha256: digest, bytes, hit, milliseconds } = booted;
    expect(record.image).toEqual({ ...image, sha256: digest, bytes, hit, milliseconds });
    expect(record.notices).toContain('re-fetched');
  });
});

describe('the phase clock', () => {
  test('records a phase that ended well and one that threw', async () => {
    let time = 1000;
    const clock = startPhases(() => time);
    time = 1010;
    await clock.run('image', () => {
      time = 1030;
    });
    const thrown = clock.run('boot', async () => {
      time = 1100;
      throw new Error('no');
    });
    await expect(thrown).rejects.toThrow('no');
    expect(clock.ended()).toEqual([
      { name: 'image', startMs: 10, durationMs: 20, failed: false },
      { name: 'boot', startMs: 30, durationMs: 70, failed: true },
    ]);
  });
});
