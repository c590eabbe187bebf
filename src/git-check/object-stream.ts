/** Reads any number of objects through one git, without holding more of them than was asked for. */
import { askGit, linesOf, unreadable } from './git-output.ts';
import type { GitRunner } from './git-runner.ts';

export type StreamedObject = {
  readonly id: string;
  readonly type: string;
  /** Among the names. */
  readonly index: number;
  /** In the stream of all that git says. */
  readonly start: number;
  readonly end: number;
};

export type ObjectReader = {
  /** Everything as it comes, git's own lines between the objects included. */
  readonly onBytes?: (chunk: Uint8Array) => void | Promise<void>;
  /** Before any of its bytes: are they to be kept for `onContent`? */
  readonly onObject?: (object: StreamedObject) => boolean;
  readonly onContent?: (object: StreamedObject, content: Buffer) => void;
  /** Names that lead nowhere are passed over. */
  readonly isSparse?: boolean;
};

const HEADER = /^([0-9a-f]{40,64}) (blob|tree|commit|tag) (\d+)$/;
/** Where nothing is, git repeats the name. */
const MISSING = / missing$/;
const MAX_HEADER = 64 * 1024;

export async function streamObjects(
  git: GitRunner,
  names: readonly string[],
  reader: ObjectReader,
): Promise<void> {
  if (names.length === 0) return;
  const parse = parseObjects(reader);
  const onStdout = async (chunk: Uint8Array) => {
    parse(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    await reader.onBytes?.(chunk);
  };
  await askGit(git, ['cat-file', '--batch', '--buffer'], { input: linesOf(names), onStdout });
}

/** `<id> <type> <size>\n<content>\n` for each object. */
function parseObjects(reader: ObjectReader): (chunk: Buffer) => void {
  const { onObject, onContent, isSparse = false } = reader;
  let header = '';
  let index = 0;
  /** Of the content and the line break after it. */
  let left = 0;
  let position = 0;
  let object: StreamedObject | undefined;
  let kept: Buffer[] | undefined;

  function begin(): void {
    const [, id = '', type, size] = HEADER.exec(header) ?? [];
    const isPassed = isSparse && !type && MISSING.test(header);
    header = '';
    index += 1;
    if (isPassed) return;
    if (!type) throw unreadable('An object is missing');
    object = { id, type, index: index - 1, start: position, end: position + Number(size) };
    left = Number(size) + 1;
    kept = onObject?.(object) ? [] : undefined;
  }

  function finish(): void {
    if (object && kept) onContent?.(object, Buffer.concat(kept).subarray(0, -1));
  }

  return (chunk) => {
    for (let at = 0; at < chunk.length; ) {
      if (left === 0) {
        const end = chunk.indexOf(0x0a, at);
        const until = end < 0 ? chunk.length : end;
        header += chunk.toString('latin1', at, until);
        if (header.length > MAX_HEADER) throw unreadable('git said something unexpected');
        position += until - at + (end < 0 ? 0 : 1);
        at = until + 1;
        if (end >= 0) begin();
      } else {
        const part = chunk.subarray(at, at + left);
        kept?.push(Buffer.from(part));
        left -= part.length;
        position += part.length;
        at += part.length;
        if (left === 0) finish();
      }
    }
  };
}
