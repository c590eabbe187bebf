/** Reads everything that a change brings, once, and has each check look at what it needs. */
import { checkAttributes, isAttributes, MAX_ATTRIBUTES_BYTES } from './attribute.ts';
import { SYMLINK } from './change.ts';
import { CheckStop } from './finding.ts';
import type { Inspection } from './inspection.ts';
import { checkModules, isModules, MAX_MODULES_BYTES } from './module-file.ts';
import { streamObjects } from './object-stream.ts';
import { checkSuspects } from './secret-check.ts';
import { watchForSecrets } from './secret-watch.ts';
import { checkSymlinks, MAX_TARGET } from './symlink.ts';

/** Of one commit or tag with all that stands in it. */
const MAX_MESSAGE_BYTES = 1024 * 1024;
/** Unpacked, of all versions of all files. */
const MAX_CONTENT_BYTES = 2 * 1024 ** 3;
/** Objects that are kept until all are read. */
const MAX_KEPT = 10_000;

/** `searched`: ids of what is looked through for secrets; see `listSearched`. */
export async function checkContents(
  inspection: Inspection,
  searched: readonly string[],
): Promise<void> {
  const { git, search } = inspection;
  const wanted = listWanted(inspection);
  const kept = new Map<string, Buffer>();
  const suspects = watchForSecrets(search);
  await streamObjects(git, [...new Set([...searched, ...wanted.keys()])], {
    onBytes: suspects.push,
    onObject: (object) => {
      suspects.begin(object);
      return object.end - object.start <= (wanted.get(object.id) ?? -1);
    },
    onContent: ({ id }, content) => void kept.set(id, content),
  });
  checkAttributes(inspection, kept);
  checkModules(inspection, kept);
  await checkSymlinks(inspection, kept);
  await checkSuspects(inspection, await suspects.end());
}

/** What the checks of single files want to read, and how much of it: ids of blobs → most bytes. */
function listWanted({ changes }: Inspection): ReadonlyMap<string, number> {
  const wanted = new Map<string, number>();
  for (const change of changes) {
    const { now, before } = change;
    if (now === undefined) continue;
    if (now.mode === SYMLINK) wanted.set(now.id, MAX_TARGET);
    else if (isModules(change)) wanted.set(now.id, MAX_MODULES_BYTES);
    else if (isAttributes(change))
      for (const { id } of [now, ...before]) wanted.set(id, MAX_ATTRIBUTES_BYTES);
    if (wanted.size > MAX_KEPT)
      throw new CheckStop({ rule: 'symlink', detail: `There are more than ${MAX_KEPT} links` });
  }
  return wanted;
}

/** Ids of all commits, tags and files. Too large ones are not among them, but told of. */
export function listSearched(inspection: Inspection): readonly string[] {
  const { objects, policy, origins, findings, show } = inspection;
  const ids: string[] = [];
  let bytes = 0;
  for (const { id, type, size } of objects.values()) {
    if (type === 'tree') continue;
    const most = type === 'blob' ? policy.maxFileBytes : MAX_MESSAGE_BYTES;
    if (size > most) {
      const origin = origins.get(id);
      const commit = origin?.commit ?? (type === 'commit' ? id : '');
      const detail = `The ${type} has ${size} bytes, and ${most} are allowed`;
      findings.add({ rule: 'file-size', commit, path: show(origin?.path ?? ''), detail });
      continue;
    }
    ids.push(id);
    bytes += size;
    if (bytes > MAX_CONTENT_BYTES) throw tooMuch();
  }
  return ids;
}

function tooMuch(): CheckStop {
  const detail = `All versions of all files have more than ${MAX_CONTENT_BYTES} bytes`;
  return new CheckStop({ rule: 'patch-size', detail });
}
