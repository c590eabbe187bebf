/** What a change may be: the limits and the protected paths, and what holds where nobody says. */
import { AGENT_FILES } from '../agent-file.ts';
import type { CheckAction } from './finding.ts';

export type ProtectedPath = {
  /** `*` and `?` within a name, `**` for any depth; case and aliases do not matter. */
  readonly glob: string;
  readonly action: CheckAction;
};

export type NamedSecret = { readonly name: string; readonly value: string };

export type CheckRules = {
  /** The first that matches decides. */
  readonly protectedPaths: readonly ProtectedPath[];
  /** Of one file, also of one that a later commit deletes. */
  readonly maxFileBytes: number;
  /** Of the whole change as a patch. */
  readonly maxPatchBytes: number;
  /** Paths that the commits touch. */
  readonly maxFiles: number;
  readonly maxCommits: number;
  readonly allowSubmodules: boolean;
};

export type CheckPolicy = CheckRules & {
  /** Values that must not be in any commit, in any of the encodings of `src/secret`. */
  readonly secrets: readonly NamedSecret[];
};

const block = (glob: string): ProtectedPath => ({ glob, action: 'block' });

export const DEFAULT_POLICY: CheckRules = {
  protectedPaths: [
    '.github/**',
    '.bot-bottle/**',
    ...['CODEOWNERS', 'docs/CODEOWNERS'],
    ...AGENT_FILES.flatMap((name) => [`**/${name}`, `**/${name}/**`]),
  ].map(block),
  maxFileBytes: 50 * 1024 * 1024,
  maxPatchBytes: 50 * 1024 * 1024,
  maxFiles: 5000,
  maxCommits: 2000,
  allowSubmodules: false,
};
