/** Where everything is that a run left: the summary's table of artifacts. */
import type { ArtifactKind } from '../artifact-kind.ts';
import { code } from './guest-text.ts';
import { size, table } from './markdown.ts';

/** One that was uploaded, or is about to be: then there is no address yet, and no size. */
export type ArtifactPlace = {
  readonly kind: ArtifactKind;
  readonly name: string;
  readonly url?: string;
  readonly size?: number;
};

const CONTENTS: Readonly<Record<ArtifactKind, string>> = {
  result: 'the record `run.json`, this summary, the answer',
  transcript: 'what the agent printed',
  egress: 'every decision of the gateway',
  proposal: 'the change as a patch and as commits',
  outputs: 'the files that were collected',
};

export function renderArtifacts(places: readonly ArtifactPlace[]): string {
  return table(['Artifact', 'What is in it', 'Size'], places, (place) => {
    const name = place.url ? `[${code(place.name)}](${place.url})` : code(place.name);
    const bytes = place.size === undefined ? '' : size(place.size);
    return `| ${name} | ${CONTENTS[place.kind]} | ${bytes} |`;
  });
}
