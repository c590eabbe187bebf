/** Tells which of many objects may hold a secret, while they go by as one stream. */
import type { StreamedObject } from './object-stream.ts';
import type { SecretSearch } from './secret-search.ts';

export type SecretWatch = {
  /** Each object before any of its bytes are pushed, in order. */
  begin(object: StreamedObject): void;
  /** The stream as it is, with what stands between the objects. */
  push(chunk: Uint8Array): Promise<void>;
  /** Ids. */
  end(): Promise<ReadonlySet<string>>;
};

export function watchForSecrets(search: SecretSearch): SecretWatch {
  const stream = search.stream();
  const objects: StreamedObject[] = [];
  const suspects = new Set<string>();
  const note = (matches: readonly { start: number; end: number }[]) => {
    for (const { start, end } of matches)
      for (let at = lastBefore(objects, end); at >= 0; at -= 1) {
        const object = objects[at] as StreamedObject;
        if (object.end <= start) break;
        suspects.add(object.id);
      }
  };
  return {
    begin: (object) => void objects.push(object),
    push: async (chunk) => note(await stream.push(chunk)),
    end: async () => {
      note(await stream.end());
      return suspects;
    },
  };
}

/** The last object that begins before `position`; -1: none does. */
function lastBefore(objects: readonly StreamedObject[], position: number): number {
  let [low, high] = [0, objects.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((objects[middle]?.start ?? 0) < position) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
