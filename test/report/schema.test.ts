/** The published schemas do not change unnoticed. */
import { describe, expect, test } from 'vitest';
import {
  readStates,
  SCHEMAS,
  shapeDigest,
  statesNow,
  UNRELEASED,
  UNTOLD,
} from '../../scripts/docs-record.ts';

describe('schema/CHANGES.md', () => {
  const states = readStates();

  test.each(Object.entries(SCHEMAS))(
    'has the present shape of %s (else: node scripts/docs-record.ts)',
    (schema, text) => {
      const last = states.findLast((state) => state.schema === schema);
      expect(last?.digest).toBe(shapeDigest(text));
      expect(last?.note).not.toBe(UNTOLD);
    },
  );

  test('lets what is not released change, and asks for a line after that', () => {
    const old = { schema: 'run', digest: '0', note: 'x' };
    const rest = states.filter(({ schema }) => schema !== 'run');
    const young = statesNow([{ ...old, release: UNRELEASED }, ...rest]);
    expect(young).toHaveLength(rest.length + 1);
    expect(young[0]?.digest).toBe(shapeDigest(SCHEMAS.run));
    const grown = statesNow([{ ...old, release: '1.0.0' }, ...rest]);
    expect(grown[0]?.digest).toBe('0');
    expect(grown.at(-1)).toMatchObject({ schema: 'run', release: UNRELEASED, note: UNTOLD });
  });

  test('does not care for descriptions, but for everything else', () => {
    const schema = {
      type: 'object',
      description: 'a',
      properties: { description: { type: 'string' } },
    };
    const digest = (change: object) => shapeDigest(JSON.stringify({ ...schema, ...change }));
    expect(digest({ description: 'b' })).toBe(digest({}));
    expect(digest({ properties: {} })).not.toBe(digest({}));
    expect(digest({ required: ['description'] })).not.toBe(digest({}));
  });
});
