/** Where everything is that a run left: its artifacts on the page. */
import type { ArtifactKind } from '../artifact-kind.ts';
import { counted, size } from './figure.ts';
import { code, link, type Section, type Text, table } from './page.ts';

/** One that was uploaded, or is about to be: then there is no address yet, and no size. */
export type ArtifactPlace = {
  readonly kind: ArtifactKind;
  readonly name: string;
  readonly url?: string;
  readonly size?: number;
};

const CONTENTS: Readonly<Record<ArtifactKind, string>> = {
  result: 'the record run.json, this page, the answer',
  transcript: 'what the agent printed',
  egress: 'every decision of the gateway',
  proposal: 'the change as a patch and as commits',
  outputs: 'the files that were collected',
  session: "the agent's session, for a later run to continue",
};

/** One line of what a maintainer sees first. */
export function artifactGlance(places: readonly ArtifactPlace[]): Text {
  if (places.length === 0) return ['no artifact'];
  const names = places.flatMap(({ kind, url }, at) => [
    at === 0 ? '' : ', ',
    url ? link(kind, url) : kind,
  ]);
  return [`${counted(places.length, 'artifact')}: `, ...names];
}

export function artifactSection(places: readonly ArtifactPlace[]): Section {
  return {
    title: 'Artifacts',
    brief: counted(places.length, 'artifact'),
    urgent: false,
    blocks: table(
      'Artifacts of the run',
      ['Artifact', 'What is in it', 'Size'],
      places,
      ({ kind, name, url, size: bytes }) => [
        url ? [link(name, url)] : [code(name)],
        [CONTENTS[kind]],
        bytes === undefined ? [] : [size(bytes)],
      ],
    ),
  };
}
