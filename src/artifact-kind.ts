/** The artifacts that a run may leave. */

export const ARTIFACT_KINDS = [
  'result',
  'transcript',
  'egress',
  'proposal',
  'outputs',
  'session',
] as const;

export type ArtifactKind = (typeof ARTIFACT_KINDS)[number];

/** What each of them is called, after the name that they begin with. */
export function nameArtifacts(base: string): Readonly<Record<ArtifactKind, string>> {
  const names = ARTIFACT_KINDS.map((kind) => [kind, `${base}-${kind}`]);
  return Object.fromEntries(names) as Record<ArtifactKind, string>;
}
