/** The provenance of a run's files: an in-toto statement v1 with SLSA's provenance v1, made from the record. */
import { createHash } from 'node:crypto';
import { repositoryUrl, runUrl } from './link.ts';
import type { RunRecord } from './record.ts';

export type Subject = {
  readonly name: string;
  readonly digest: { readonly sha256: string };
};

type Resource = {
  readonly name: string;
  readonly uri?: string;
  readonly digest: Readonly<Record<string, string>>;
};

export type Statement = {
  readonly _type: 'https://in-toto.io/Statement/v1';
  /** What the run made. What it was made from is in the predicate, and is not vouched for. */
  readonly subject: readonly Subject[];
  readonly predicateType: 'https://slsa.dev/provenance/v1';
  readonly predicate: object;
};

/** Versioned: says how the parameters below are to be read. */
const BUILD_TYPE = 'https://bottle-action.invalid/run/v1';

/** GitHub takes 1024. `run.json` has the digests of those that are left out. */
const MOST_SUBJECTS = 1024;

/** `recordJson`: the bytes of `run.json`, which `record` was parsed from or written to. */
export function makeStatement(record: RunRecord, recordJson: string): Statement {
  return {
    _type: 'https://in-toto.io/Statement/v1',
    subject: subjectsOf(record, recordJson),
    predicateType: 'https://slsa.dev/provenance/v1',
    predicate: {
      buildDefinition: {
        buildType: BUILD_TYPE,
        externalParameters: externalParameters(record),
        internalParameters: {
          engine: record.engine,
          machine: record.machine,
          limits: record.limits,
          github: { ...record.origin.repository, runner: record.origin.runner },
        },
        resolvedDependencies: dependenciesOf(record),
      },
      runDetails: {
        builder: { id: builderId(record) },
        metadata: {
          invocationId: invocationId(record),
          startedOn: record.startedAt,
          finishedOn: new Date(Date.parse(record.startedAt) + record.durationMs).toISOString(),
        },
      },
    },
  };
}

function subjectsOf({ change, outputs, result }: RunRecord, recordJson: string): Subject[] {
  const subject = (name: string, sha256: string) => ({ name, digest: { sha256 } });
  const given: Subject[] = [
    subject('run.json', digestOf(recordJson)),
    subject('changes.patch', change.patchSha256),
    subject('proposal.bundle', change.bundleSha256),
    ...(result === '' ? [] : [subject('result.md', digestOf(result))]),
    ...outputs.files.map(({ path, sha256 }) => subject(path, sha256)),
  ];
  return given.filter(({ digest }) => digest.sha256 !== '').slice(0, MOST_SUBJECTS);
}

function externalParameters({ origin, agent }: RunRecord): object {
  const { ref } = origin.workflow;
  const [, path = ''] = /^[^/]+\/[^/]+\/([^@]+)@/.exec(ref) ?? [];
  return {
    workflow: { repository: repositoryUrl({ origin }), path, ref: origin.repository.ref },
    agent: agent.name,
    bottles: agent.bottles,
    inputs: origin.inputs,
    task: origin.task,
    prompt: origin.prompt,
  };
}

/** With a digest each: the image, the manifest, the commit that the agent began with. */
function dependenciesOf({ image, origin, change }: RunRecord): Resource[] {
  const repository = repositoryUrl({ origin });
  const { manifest } = origin;
  const at = (commit: string) =>
    repository === '' || commit === '' ? {} : { uri: `git+${repository}@${commit}` };
  const manifestAt = manifest.ref === 'worktree' ? {} : at(manifest.ref);
  return [
    { name: 'manifest', ...manifestAt, digest: { sha256: manifest.sha256 } },
    ...(image.sha256 === '' ? [] : [{ name: 'image', digest: { sha256: image.sha256 } }]),
    ...(change.baseCommit === ''
      ? []
      : [{ name: 'base', ...at(change.baseCommit), digest: { gitCommit: change.baseCommit } }]),
  ];
}

function builderId({ origin }: RunRecord): string {
  const { server } = origin.repository;
  const { ref } = origin.workflow;
  return ref === '' ? `${BUILD_TYPE}/local` : `${server}/${ref}`;
}

function invocationId(record: RunRecord): string {
  const run = runUrl(record);
  return run === '' ? record.runId : `${run}/attempts/${record.origin.workflow.runAttempt}`;
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
