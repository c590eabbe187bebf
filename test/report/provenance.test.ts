/** The statement about what a run made: in-toto's shape, whole digests, nothing vouched for that was not made. */
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { recordText } from '../../src/report/bundle.ts';
import { makeStatement } from '../../src/report/provenance.ts';
import { makeRecord } from '../../src/report/record.ts';
import { PLAN, SCENARIOS, SUCCESS, sha256 } from './scenario.ts';

type Predicate = {
  buildDefinition: {
    buildType: string;
    resolvedDependencies: { name: string; uri?: string; digest: Record<string, string> }[];
  };
  runDetails: {
    builder: { id: string };
    metadata: { invocationId: string; startedOn: string; finishedOn: string };
  };
};

const statementOf = (record: ReturnType<typeof makeRecord>) => {
  const statement = makeStatement(record, recordText(record));
  return { ...statement, predicate: statement.predicate as Predicate };
};

describe('the provenance', () => {
  test.each(Object.entries(SCENARIOS))('after %s is a statement of in-toto', (_, facts) => {
    const record = makeRecord(facts);
    const { _type, subject, predicateType, predicate } = statementOf(record);
    expect([_type, predicateType]).toEqual([
      'https://in-toto.io/Statement/v1',
      'https://slsa.dev/provenance/v1',
    ]);
    expect(subject[0]).toEqual({
      name: 'run.json',
      digest: { sha256: createHash('sha256').update(recordText(record)).digest('hex') },
    });
    for (const { digest } of subject) expect(digest.sha256).toMatch(/^[0-9a-f]{64}$/);
    const { metadata } = predicate.runDetails;
    expect(Date.parse(metadata.finishedOn) - Date.parse(metadata.startedOn)).toBe(
      record.durationMs,
    );
    expect(predicate.buildDefinition.resolvedDependencies[0]).toMatchObject({
      name: 'manifest',
      digest: { sha256: record.origin.manifest.sha256 },
    });
  });

  test('names the workflow, its run, and what went in by digest', () => {
    const image = { kind: 'smolmachine', reference: 'x', sha256: sha256('image') } as const;
    const plan = { ...PLAN, image: { value: image, source: 'input image' } };
    const { predicate, subject } = statementOf(makeRecord({ ...SUCCESS, plan }));
    expect(predicate.runDetails.builder.id).toBe(
      'https://github.example/acme/site/.github/workflows/bottle.yml@refs/heads/main',
    );
    expect(predicate.runDetails.metadata.invocationId).toBe(
      'https://github.example/acme/site/actions/runs/1658821493/attempts/1',
    );
    expect(predicate.buildDefinition.resolvedDependencies).toContainEqual({
      name: 'image',
      digest: { sha256: sha256('image') },
    });
    // Signed as a subject, an image would pass for one that this workflow made.
    const made = subject.map(({ digest }) => digest.sha256);
    expect(made).not.toContain(sha256('image'));
    expect(made).not.toContain(sha256('manifest'));
  });

  test('has no more subjects than GitHub takes, and the record is one of them', () => {
    const record = makeRecord(SUCCESS);
    const files = Array.from({ length: 3000 }, (_, at) => ({
      path: `outputs/${at}`,
      size: 1,
      sha256: sha256(String(at)),
    }));
    const { subject } = statementOf({ ...record, outputs: { ...record.outputs, files } });
    expect(subject).toHaveLength(1024);
    expect(subject[0]?.name).toBe('run.json');
  });
});
