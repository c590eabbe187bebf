/** What a manifest is made of, as the other stages see it. */
import type { Problem } from '../errors.ts';
import type { Located, Path } from './located.ts';
import type { Agent, Bottle } from './schema.ts';
import type { SourceFile } from './source-file.ts';

export type FileEntry = {
  readonly name: string;
  readonly kind: 'file' | 'directory' | 'symlink' | 'other';
  /** In bytes. */
  readonly size: number;
};

/**
 * Where a manifest is read from: the work tree, or git objects at a trusted ref. Paths are POSIX
 * and relative to the root. `root` is for messages. What is not there is undefined; what cannot be
 * read safely (a link out of the tree, more than `MAX_FILE_BYTES`) throws `BottleError`
 * `config-invalid`.
 */
export type ManifestFiles = {
  readonly root: string;
  read(path: string): Promise<Uint8Array | undefined>;
  list(directory: string): Promise<readonly FileEntry[] | undefined>;
};

/** Largest file that is read. */
export const MAX_FILE_BYTES = 1024 * 1024;

/** A bottle or an agent as one file declares it. */
export type Entry<T> = {
  readonly name: string;
  readonly value: T;
  readonly source: SourceFile;
  readonly tree: Located;
};

export type LoadedManifest = {
  /** The directory or file that holds it, relative to the root. */
  readonly carrier: string;
  readonly bottles: ReadonlyMap<string, Entry<Bottle>>;
  readonly agents: ReadonlyMap<string, Entry<Agent>>;
  /** SHA-256 of the names and bytes of all files read, lower-case hex. */
  readonly digest: string;
  /** What was skipped or read differently from how it is written. */
  readonly notices: readonly Problem[];
};

type AgentProvider = NonNullable<Bottle['agent_provider']>;

/** A bottle after `extends` and merging. */
export type ResolvedBottle = Omit<Bottle, 'extends' | 'agent_provider'> & {
  readonly agent_provider: AgentProvider & {
    readonly template: NonNullable<AgentProvider['template']>;
  };
};

export type ResolvedAgent = Omit<Agent, 'skills' | 'prompt'> & {
  readonly skills: readonly string[];
  /** Empty when it has none. */
  readonly prompt: string;
};

/** One agent and the one bottle that it runs in. */
export type Selected = {
  readonly agentName: string;
  /** In the order in which they were merged. */
  readonly bottleNames: readonly string[];
  readonly agent: ResolvedAgent;
  /** The agent's `git-gate.user` is laid over it already. */
  readonly bottle: ResolvedBottle;
  /** As of the manifest that both come from. */
  readonly carrier: string;
  readonly digest: string;
  readonly notices: readonly Problem[];
  /**
   * Where a value stands, such as `.bot-bottle/bottles/dev.md:7`; `default` when no file says it.
   * `path` begins with `agent` or `bottle`: `bottle.limits.minutes`, `bottle.egress.routes.0.host`,
   * or a list of steps when a key holds a dot. `bottle` alone: who chose the bottles.
   */
  source(path: string | Path): string;
};
