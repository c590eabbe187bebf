/** Objects of git as raw bytes, well formed or not, and the packs and bundles that carry them. */
import { createHash } from 'node:crypto';
import { deflateSync } from 'node:zlib';

export type Bytes = string | Uint8Array;
export type ObjectType = 'commit' | 'tree' | 'blob' | 'tag';
export type Entry = { readonly mode?: string; readonly name: Bytes; readonly id: string };
type RawObject = { readonly type: ObjectType; readonly content: Buffer };

export type CommitFields = {
  readonly tree: string;
  readonly parents?: readonly string[];
  readonly message?: Bytes;
  readonly author?: string;
  readonly committer?: string;
};

export const SOMEBODY = 'Some Body <some@body.test> 1700000000 +0000';

export type ObjectStore = ReturnType<typeof makeObjects>;

/** Everything is kept, so that a pack of all new objects can be made at any time. */
export function makeObjects() {
  const objects = new Map<string, RawObject>();

  function raw(type: ObjectType, content: Bytes): string {
    const bytes = Buffer.from(content as string);
    const id = createHash('sha1').update(`${type} ${bytes.length}\0`).update(bytes).digest('hex');
    objects.set(id, { type, content: bytes });
    return id;
  }

  const blob = (content: Bytes) => raw('blob', content);

  /** In the order given. */
  const tree = (entries: readonly Entry[]) =>
    raw(
      'tree',
      Buffer.concat(
        entries.flatMap(({ mode = '100644', name, id }) => [
          Buffer.from(`${mode} `),
          Buffer.from(name as string),
          Buffer.from([0]),
          Buffer.from(id, 'hex'),
        ]),
      ),
    );

  function commit({ tree: of, parents = [], message = 'Change', ...names }: CommitFields): string {
    const { author = SOMEBODY, committer = SOMEBODY } = names;
    const head = [`tree ${of}`, ...parents.map((id) => `parent ${id}`), `author ${author}`];
    const text = `${[...head, `committer ${committer}`].join('\n')}\n\n`;
    return raw('commit', Buffer.concat([Buffer.from(text), Buffer.from(message as string)]));
  }

  /** Well-formed trees of these paths; `{ link }`, `{ submodule }` and `{ mode, id }` beside content. */
  function files(paths: Files): string {
    const below = new Map<string, Record<string, FileContent>>();
    const entries: Required<Entry>[] = [];
    for (const [path, content] of Object.entries(paths)) {
      const slash = path.indexOf('/');
      if (slash < 0) entries.push({ name: path, ...entryOf(content) });
      else {
        const inside = below.get(path.slice(0, slash)) ?? {};
        below.set(path.slice(0, slash), inside);
        inside[path.slice(slash + 1)] = content;
      }
    }
    for (const [name, inside] of below) entries.push({ name, mode: '40000', id: files(inside) });
    const key = ({ name, mode }: Required<Entry>) =>
      Buffer.from(mode === '40000' ? `${name}/` : (name as string));
    return tree(entries.toSorted((a, b) => Buffer.compare(key(a), key(b))));
  }

  function entryOf(content: FileContent): { mode: string; id: string } {
    if (typeof content === 'string' || content instanceof Uint8Array)
      return { mode: '100644', id: blob(content) };
    if ('link' in content) return { mode: '120000', id: blob(content.link) };
    if ('submodule' in content) return { mode: '160000', id: content.submodule };
    return content;
  }

  const tag = (object: string, type: ObjectType, name: string, message: Bytes = 'Tagged') =>
    raw('tag', `object ${object}\ntype ${type}\ntag ${name}\ntagger ${SOMEBODY}\n\n${message}`);

  /** Of all objects but those that `without` has. */
  function pack(without: ReadonlySet<string> = new Set()): Buffer {
    const own = [...objects].filter(([id]) => !without.has(id)).map(([, object]) => object);
    return packOf(own.map(({ type, content }) => packEntry(TYPES[type], content)));
  }

  return { raw, blob, tree, commit, files, tag, pack, ids: () => new Set(objects.keys()) };
}

export type FileContent =
  | Bytes
  | { readonly link: string }
  | { readonly submodule: string }
  | { readonly mode: string; readonly id: string };
export type Files = Readonly<Record<string, FileContent>>;

export const TYPES = { commit: 1, tree: 2, blob: 3, tag: 4, offset: 6, delta: 7 } as const;

/** `extra`: what stands between the header and the content of a delta. */
export function packEntry(type: number, content: Buffer, extra: Bytes = ''): Buffer {
  return Buffer.concat([
    entryHeader(type, content.length),
    Buffer.from(extra as string),
    deflateSync(content),
  ]);
}

export function entryHeader(type: number, size: number): Buffer {
  const bytes = [(type << 4) | (size & 15)];
  for (let rest = Math.floor(size / 16); rest > 0; rest = Math.floor(rest / 128)) {
    bytes[bytes.length - 1] = (bytes.at(-1) as number) | 0x80;
    bytes.push(rest & 0x7f);
  }
  return Buffer.from(bytes);
}

export function packOf(entries: readonly Buffer[], count = entries.length): Buffer {
  const header = Buffer.from('PACK\0\0\0\x02\0\0\0\0', 'latin1');
  header.writeUInt32BE(count, 8);
  const body = Buffer.concat([header, ...entries]);
  return Buffer.concat([body, createHash('sha1').update(body).digest()]);
}

export function bundleOf(
  refs: Readonly<Record<string, string>>,
  prerequisites: readonly string[],
  pack: Buffer,
): Buffer {
  const lines = ['# v2 git bundle', ...prerequisites.map((id) => `-${id} `)];
  for (const [name, id] of Object.entries(refs)) lines.push(`${id} ${name}`);
  return Buffer.concat([Buffer.from(`${lines.join('\n')}\n\n`), pack]);
}

/** A number of a delta: seven bits a byte, the lowest first. */
export function deltaSize(size: number): Buffer {
  const bytes: number[] = [];
  let rest = size;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest & 0x7f) | 0x80);
  return Buffer.from([...bytes, rest]);
}
