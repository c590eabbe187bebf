/** What held the agent on the page: walls, engine, image, machine, and who ruled the run. */
import { counted, FIGURES } from './figure.ts';
import { commitUrl } from './link.ts';
import { code, link, list, type Section, strong, type Text, table } from './page.ts';
import type { RunRecord } from './record.ts';

const WALLS: Readonly<Record<RunRecord['engine']['isolation'], string>> = {
  microvm: 'a virtual machine of its own',
  namespaces: 'namespaces, weaker than a machine of its own',
};

/** One line of what a maintainer sees first. */
export function bottleGlance(record: RunRecord): Text {
  const { engine } = record;
  const proven = FIGURES['walls proven'](record);
  return [
    `${WALLS[engine.isolation]}; `,
    proven === 0
      ? strong('walls not proven')
      : `${counted(proven, 'wall')} proven from inside before the agent started`,
  ];
}

/** One line of what a maintainer sees first. */
export function secretGlance({ secretsFound }: RunRecord): Text {
  if (secretsFound === 0) return ['none found in what leaves the run'];
  return [strong(`${secretsFound} found in what leaves the run`), '; notices name what kept them'];
}

export function bottleSection(record: RunRecord): Section {
  const { engine, walls } = record;
  return {
    title: 'Bottle',
    brief: `${engine.name}, ${counted(FIGURES['walls proven'](record), 'wall')} proven`,
    urgent: record.outcome === 'isolation-failed',
    blocks: [
      ...list(facts(record), (text) => text),
      ...table(
        'Walls that were tried from inside',
        ['Wall', 'Must be', 'Was found'],
        walls,
        ({ name, expected, found }) => [[code(name)], [code(expected)], [code(found)]],
      ),
    ],
  };
}

function facts({ engine, image, machine, origin, session }: RunRecord): readonly Text[] {
  const { manifest, repository } = origin;
  const base = commitUrl({ origin }, manifest.ref);
  const version: Text = engine.version === '' ? [] : [' ', code(engine.version)];
  const digest: Text = image.sha256 === '' ? [] : [', SHA-256 ', code(image.sha256.slice(0, 12))];
  return [
    [`Isolation: ${WALLS[engine.isolation]} (${engine.name}`, ...version, ')'],
    image.kind === 'host'
      ? ["Image: the runner's own ", code('/usr'), ', read-only']
      : ['Image: ', code(image.reference), ...digest],
    [`Machine: ${counted(machine.cpus, 'CPU')}, ${machine.memoryMib} MiB of memory`],
    [
      'Manifest: ',
      code(manifest.path),
      ' at ',
      base === '' ? code(manifest.ref) : link(manifest.ref.slice(0, 10), base),
      ', SHA-256 ',
      code(manifest.sha256.slice(0, 12)),
    ],
    [
      `Trust: the head is ${origin.trust.head}, credentials were `,
      origin.trust.credentialsDropped ? 'dropped' : 'given',
    ],
    ...(repository.event === ''
      ? []
      : [['Event: ', code(repository.event), ' by ', code(repository.actor)]]),
    ...(session.continued === null
      ? []
      : [['Session: continues ', code(session.continued.artifact), ' of an earlier run']]),
  ];
}
