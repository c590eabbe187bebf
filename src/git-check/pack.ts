/** Takes a pack of somebody else's objects in: complete, well formed, and none that git warns of. */
import { createHash } from 'node:crypto';
import { messageOf } from '../errors.ts';
import type { CheckFinding } from './finding.ts';
import { GitLimitError, type GitRunner } from './git-runner.ts';

/** What `--strict` would let pass with a note; older gits know all of them too. */
const NOTES = [
  ...['badFilemode', 'badTagName', 'missingTaggerEntry', 'gitmodulesParse'],
  ...['gitattributesSymlink', 'gitignoreSymlink', 'mailmapSymlink'],
];

/** The same for a git that receives a push: arguments that come before its command. */
export const STRICT_RECEIVE: readonly string[] = [
  'transfer.fsckObjects=true',
  ...NOTES.map((id) => `receive.fsck.${id}=error`),
].flatMap((setting) => ['-c', setting]);

export type PackLimits = {
  readonly maxBytes: number;
  /** Of the repository; default `sha1`. */
  readonly hash?: 'sha1' | 'sha256';
};

/**
 * Adds the objects to the repository, or says why not: damaged, ill formed, incomplete or too
 * large. What a thin pack builds on must be there. Throws what `pack` throws.
 */
export async function takePack(
  git: GitRunner,
  pack: AsyncIterable<Uint8Array>,
  { maxBytes, hash = 'sha1' }: PackLimits,
): Promise<readonly CheckFinding[]> {
  const whole = checkTrailer(pack, hash);
  const strict = NOTES.map((id) => `${id}=error`).join(',');
  const limit = `--max-input-size=${maxBytes}`;
  const args = ['index-pack', '--stdin', '--fix-thin', `--strict=${strict}`, limit];
  try {
    const { exitCode, stderr } = await git(args, { input: whole.bytes });
    if (exitCode !== 0) return [refusedPack(whole.size() > maxBytes, reasonOf(stderr))];
  } catch (error) {
    if (!(error instanceof GitLimitError)) throw error;
    return [refusedPack(false, messageOf(error))];
  }
  return whole.isExact() ? [] : [refusedPack(false, 'it has bytes after its end')];
}

function refusedPack(tooLarge: boolean, reason: string): CheckFinding {
  const detail = tooLarge ? 'The pack of objects is too large' : `The pack of objects: ${reason}`;
  const rule = tooLarge ? 'patch-size' : 'fsck';
  return { rule, action: 'block', commit: '', path: '', line: 0, detail };
}

/** A fault of an object by its name in git's list; its text may quote what is in the object. */
function reasonOf(stderr: string): string {
  const [, object, fault] = /object ([0-9a-f]{40,64}): (\w+): /.exec(stderr) ?? [];
  if (object) return `object ${object}: ${fault}`;
  return stderr.replace(/^.*(?:fatal|error): /, '').slice(0, 200) || 'git gave no reason';
}

/** A pack ends in the hash of all that comes before; git stops reading there. */
function checkTrailer(pack: AsyncIterable<Uint8Array>, algorithm: 'sha1' | 'sha256') {
  const hash = createHash(algorithm);
  const length = algorithm === 'sha1' ? 20 : 32;
  let end = Buffer.alloc(0);
  let size = 0;
  async function* bytes(): AsyncGenerator<Uint8Array> {
    for await (const chunk of pack) {
      size += chunk.length;
      const held = Buffer.concat([end, chunk]);
      const cut = Math.max(0, held.length - length);
      hash.update(held.subarray(0, cut));
      end = held.subarray(cut);
      yield chunk;
    }
  }
  return {
    bytes: bytes(),
    size: () => size,
    isExact: () => hash.digest().equals(end),
  };
}
