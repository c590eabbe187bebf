/** Says of objects that may hold a secret where it stands, if it was not there before. */
import type { Match } from '../secret/matcher.ts';
import type { Change } from './change.ts';
import type { Inspection } from './inspection.ts';
import type { NewObject } from './new-object.ts';
import { streamObjects } from './object-stream.ts';

const MAX_SUSPECTS = 500;
/** In one file, those of before included. */
const MAX_MATCHES = 10_000;
/** Of what one commit deletes, and so may only have moved. */
const MAX_DELETED = 20;

export async function checkSuspects(
  inspection: Inspection,
  suspects: ReadonlySet<string>,
): Promise<void> {
  const { objects, findings } = inspection;
  let looked = 0;
  for (const id of suspects) {
    const object = objects.get(id);
    if (!object || object.type === 'tree') continue;
    if (findings.isFull('secret')) return;
    looked += 1;
    if (looked > MAX_SUSPECTS) {
      findings.add({ rule: 'secret', detail: `More than ${MAX_SUSPECTS} files look like secrets` });
      return;
    }
    await checkSuspect(inspection, object);
  }
}

async function checkSuspect(inspection: Inspection, object: NewObject): Promise<void> {
  const { findings, show } = inspection;
  const origin = inspection.origins.get(object.id);
  const content = await readObject(inspection, object.id);
  const matches = await inspection.search.find(content, MAX_MATCHES);
  if (matches.length === 0) return;
  if (matches.length >= MAX_MATCHES) {
    const detail = `More than ${MAX_MATCHES} places in a file look like secrets`;
    findings.add({ rule: 'secret', path: origin ? show(origin.path) : '', detail });
    return;
  }
  const texts = new Map(matches.map((match) => [textOf(content, match), match]));
  if (origin) await dropKnown(inspection, origin, texts);
  const told = new Set<string>();
  for (const { label, start } of texts.values()) {
    const { line, holder } = placeOf(object, content, start);
    if (told.has(`${label}\0${line}`)) continue;
    told.add(`${label}\0${line}`);
    findings.add({
      rule: 'secret',
      commit: object.type === 'commit' ? object.id : (origin?.commit ?? ''),
      path: origin ? show(origin.path) : '',
      line,
      detail: `${holder} holds a secret: ${label}`,
    });
  }
}

const textOf = (content: Buffer, { start, end }: Match) => content.toString('latin1', start, end);

/** In a commit or a tag, line 1 is the first of the message; what is before it has no line. */
function placeOf({ type }: NewObject, content: Buffer, start: number) {
  const message = type === 'blob' ? 0 : content.indexOf('\n\n') + 2;
  if (start < message) return { line: 0, holder: `A name in the ${type}` };
  let line = 1;
  for (let at = content.indexOf(0x0a, message); at >= 0 && at < start; line += 1)
    at = content.indexOf(0x0a, at + 1);
  return { line, holder: type === 'blob' ? 'The file' : `The message of the ${type}` };
}

async function readObject({ git }: Inspection, id: string): Promise<Buffer> {
  let read: Buffer = Buffer.alloc(0);
  await streamObjects(git, [id], {
    onObject: () => true,
    onContent: (_, content) => {
      read = content;
    },
  });
  return read;
}

/** What the file had before, or one had that the commit deletes, is not what this change adds. */
async function dropKnown(
  { git, changes, policy }: Inspection,
  { commit, before }: Change,
  texts: Map<string, Match>,
): Promise<void> {
  const deleted = changes.filter((change) => change.commit === commit && !change.now);
  const known = [...before, ...deleted.slice(0, MAX_DELETED).flatMap((change) => change.before)];
  await streamObjects(
    git,
    known.filter(({ mode }) => mode !== '160000').map(({ id }) => id),
    {
      onObject: ({ start, end }) => end - start <= policy.maxFileBytes,
      onContent: (_, content) => {
        for (const text of texts.keys())
          if (content.includes(text, 0, 'latin1')) texts.delete(text);
      },
    },
  );
}
