/** Addresses on the server of the workflow; empty where there is none. */
import type { RunRecord } from './record.ts';

type Origin = Pick<RunRecord, 'origin'>;

/** Only what GitHub itself names its things: the record is data of a file, and a link is followed. */
const SERVER = /^https?:\/\/[a-z0-9.-]+(?::\d+)?$/i;
const NAME = /^[\w.-]+\/[\w.-]+$/;
const COMMIT = /^[0-9a-f]{40}(?:[0-9a-f]{24})?$/;
const NUMBER = /^\d+$/;

export function repositoryUrl({ origin }: Origin): string {
  const { server, name } = origin.repository;
  return SERVER.test(server) && NAME.test(name) ? `${server}/${name}` : '';
}

export function commitUrl(record: Origin, sha: string): string {
  const repository = repositoryUrl(record);
  return repository !== '' && COMMIT.test(sha) ? `${repository}/commit/${sha}` : '';
}

/** The run that made the record. */
export function runUrl(record: Origin): string {
  const repository = repositoryUrl(record);
  const { runId } = record.origin.workflow;
  return repository !== '' && NUMBER.test(runId) ? `${repository}/actions/runs/${runId}` : '';
}

/**
 * Where the change can be seen on the server. Before anything is pushed only its base is there, and
 * that only where it is the workflow's own commit.
 */
export function compareUrl(record: RunRecord): string {
  const { baseCommit } = record.change;
  return baseCommit === record.origin.repository.sha ? commitUrl(record, baseCommit) : '';
}

/** The part of the run's page that lists its artifacts. */
export function artifactsUrl(record: Origin): string {
  const url = runUrl(record);
  return url === '' ? '' : `${url}#artifacts`;
}
