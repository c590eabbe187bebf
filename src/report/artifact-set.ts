/** Which of the run's files go into which of its artifacts. */
import { statSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { ARTIFACT_KINDS, type ArtifactKind } from '../artifact-kind.ts';
import type { HostPath } from '../host/host.ts';
import type { KeptSession } from '../session/session.ts';
import { BUNDLE_FILES } from './bundle.ts';
import { TRANSCRIPT_PAGE } from './transcript-page.ts';

export type ArtifactSet = {
  readonly kind: ArtifactKind;
  /** At least one of them holds something. */
  readonly files: readonly HostPath[];
  /** That they lie below; absent: the run's own directory. */
  readonly root?: HostPath;
};

const PLACES: Readonly<Record<string, ArtifactKind>> = {
  'agent.log': 'transcript',
  'agent.stderr.log': 'transcript',
  'transcript.jsonl': 'transcript',
  [TRANSCRIPT_PAGE]: 'transcript',
  'egress.jsonl': 'egress',
  [BUNDLE_FILES.patch]: 'proposal',
  [BUNDLE_FILES.bundle]: 'proposal',
};

/**
 * What lies in directories was collected; at the top, what has no place of its own is the result's.
 * The record goes with the proposal too, so that who applies it needs nothing else.
 */
export function sortFiles(files: readonly HostPath[], directory: HostPath): readonly ArtifactSet[] {
  const sorted = new Map<ArtifactKind, HostPath[]>(ARTIFACT_KINDS.map((kind) => [kind, []]));
  for (const file of files) sorted.get(kindOf(relative(directory, file)))?.push(file);
  const proposal = sorted.get('proposal') ?? [];
  const record = files.find((file) => relative(directory, file) === BUNDLE_FILES.record);
  if (proposal.length > 0 && record !== undefined) proposal.push(record);
  return [...sorted]
    .filter(([, its]) => its.some(hasContent))
    .map(([kind, its]) => ({ kind, files: its }));
}

/** A session's files lie apart from all else that a run leaves. */
export function sessionSet(session: KeptSession | undefined): readonly ArtifactSet[] {
  if (session === undefined || session.names.length === 0) return [];
  const { directory: root, names } = session;
  return [{ kind: 'session', root, files: names.map((name) => join(root, name)) }];
}

function kindOf(path: string): ArtifactKind {
  return path.includes(sep) ? 'outputs' : (PLACES[path] ?? 'result');
}

function hasContent(path: HostPath): boolean {
  return (statSync(path, { throwIfNoEntry: false })?.size ?? 0) > 0;
}
