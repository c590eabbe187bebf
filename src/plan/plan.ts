/** The plan: every decision of a run, made before anything starts. Stages after it only carry it out. */

import type { ArtifactKind } from '../artifact-kind.ts';
import type { FailureReason, Problem } from '../errors.ts';
import type { GatewayLimits, RouteRule } from '../gateway/protocol.ts';
import type { HostPath } from '../host/host.ts';
import type { EngineName, GuestPath, GuestUser, Isolation } from '../machine/machine.ts';
import type { Selected } from '../manifest/manifest.ts';
import type { Prices } from '../price.ts';
import type { SessionScope } from '../session/session.ts';
import type { Pinned } from '../trust/agent-config.ts';
import type { GitPlan } from './git-plan.ts';

/** A value and where it came from: `input minutes`, `.bot-bottle/bottles/dev.md:7`, `default`. */
export type Sourced<T> = { readonly value: T; readonly source: string };

/** Something on the runner that is copied into the guest under a name. */
export type SkillPlan = { readonly name: string; readonly from: HostPath };

/** What goes into the guest, as data; each part is skipped when it is empty. */
export type ProvisionPlan = {
  /** The tree that the agent works on. `exclude`: globs relative to `from` that stay out. */
  readonly workspace: {
    readonly from: HostPath;
    readonly to: GuestPath;
    readonly exclude: readonly string[];
    /** Agent configuration that the trusted commit decides about, not the head. */
    readonly pinned: readonly Pinned[];
  };
  /** Always written, mode 0600, so that the path exists; passed to the agent only when not empty. */
  readonly prompt: { readonly text: string; readonly to: GuestPath };
  readonly skills: { readonly list: readonly SkillPlan[]; readonly to: GuestPath };
  /** The task as a file, beside being the agent's stdin. */
  readonly task: { readonly text: string; readonly to: GuestPath };
  /** Collected at the end without being asked for; made empty at provisioning. */
  readonly outputDirectory: GuestPath;
  readonly gitUser: { readonly name: string; readonly email: string };
  /** Of the session that goes on: files on the runner, checked; the settings below win over them. */
  readonly session: readonly {
    readonly to: GuestPath;
    readonly from: HostPath;
    readonly size: number;
  }[];
  /** The agent's own settings, mode 0600. */
  readonly agentFiles: readonly { readonly to: GuestPath; readonly text: string }[];
};

/** An environment entry: a literal, or the runner variable that holds it. Values of the latter are never here. */
export type EnvEntry =
  | {
      readonly name: string;
      readonly kind: 'literal';
      readonly value: string;
      readonly source: string;
    }
  | {
      readonly name: string;
      readonly kind: 'host';
      readonly hostVar: string;
      readonly source: string;
    };

export type LimitsPlan = {
  /** Wall clock for the agent. */
  readonly minutes: Sourced<number>;
  /** Longest silence of the agent; 0 = no limit. */
  readonly idleMinutes: Sourced<number>;
  /** Largest total of collected outputs. */
  readonly outputMib: Sourced<number>;
  /** Turns of the agent's model; null: no limit. */
  readonly turns: Sourced<number | null>;
  /** In US dollars; null: no limit. */
  readonly costUsd: Sourced<number | null>;
};

export type ImagePlan =
  /** The runner's own `/usr`, read-only. */
  | { readonly kind: 'host' }
  /** A `.smolmachine`: a path, an https address or an OCI reference; `sha256` empty when nobody gave one. */
  | { readonly kind: 'smolmachine'; readonly reference: string; readonly sha256: string }
  /** Built from an OCI image that is named with its digest. */
  | { readonly kind: 'from'; readonly reference: string }
  /** Built from a Smolfile of the repository. */
  | { readonly kind: 'smolfile'; readonly path: string; readonly text: string };

export type CachePlan = {
  readonly mode: 'read-write' | 'read' | 'off';
  /** May this run leave something in the cache for later ones? */
  readonly trusted: boolean;
  /** Digests that no cache wrote: the lock file at the trusted ref; empty text when there is none. */
  readonly lock: { readonly file: string; readonly text: string };
};

/** Where one of the runner's package managers fetches from. */
export type Registry = {
  /** The name in `egress.presets`: `npm`, `pypi`, … */
  readonly preset: string;
  /** Lower-case ASCII. */
  readonly host: string;
  readonly port: number;
};

/** What may be reached, and how much of it. */
export type ReachPlan = {
  readonly mode: Sourced<'enforce' | 'learn'>;
  readonly presets: Sourced<readonly string[]>;
  /** Complete: with the routes of presets, groups and the provider. Each host is there once. */
  readonly routes: readonly RouteRule[];
  /** Null: no limit. */
  readonly limits: { readonly [name in keyof GatewayLimits]: Sourced<number | null> };
};

/** A credential by the name of the step's variable that holds it. */
export type SecretPlan = {
  readonly name: string;
  /** `env NPM_TOKEN`, `route api.example.com`, `git remote site`, `model API`, `GitHub`. */
  readonly use: string;
  readonly source: string;
};

/** Where the agent's program comes from. */
export type ProgramPlan =
  /** The manifest's own command. */
  | { readonly kind: 'command' }
  /** What the image, or the runner's own `/usr`, has under this name. */
  | {
      readonly kind: 'image';
      readonly binary: string;
      /** Does it tell its version by itself when it runs? */
      readonly tellsVersion: boolean;
    }
  | {
      readonly kind: 'npm';
      readonly npm: string;
      readonly version: string;
      /** The program, below the installation. */
      readonly file: string;
      /** Where the installation is in the guest. */
      readonly to: GuestPath;
    };

export type ProvisionSources = Readonly<
  Record<
    | 'workspace'
    | 'exclude'
    | 'prompt'
    | 'task'
    | 'skills'
    | 'skillsDirectory'
    | 'gitName'
    | 'gitEmail',
    string
  >
>;

/** Where the values came from that stages take without their source. */
export type PlanSources = ProvisionSources &
  Readonly<Record<'imageSha256' | 'artifactName' | 'retentionDays', string>>;

export type SessionPlan = {
  /** As an artifact, once the agent has ended. */
  readonly keep: Sourced<boolean>;
  /** Whose it is then: what a later run is compared with. */
  readonly scope: SessionScope;
  /** Null: the agent begins a new one. */
  readonly continues: {
    readonly artifact: string;
    /** That left it. */
    readonly workflowRun: string;
    /** What the agent calls it. */
    readonly session: string;
    /** Of its `session.json`. */
    readonly sha256: string;
    readonly files: number;
    readonly bytes: number;
    /** Why this run may: the beginning of a sentence. */
    readonly reason: string;
  } | null;
};

export type PlannedArtifact = {
  /** What the names of all of them begin with. */
  readonly name: string;
  readonly names: Readonly<Record<ArtifactKind, string>>;
  /** 0 = the repository's own setting. */
  readonly retentionDays: number;
};

export type Plan = {
  readonly version: 1;
  /** The agent's name, shortened where it is long, and five random base-36 characters. */
  readonly runId: string;
  readonly trust: {
    /** The commit that manifest, lock file and skills come from, or `worktree`. */
    readonly ref: string;
    /** `untrusted`: what is checked out is somebody's proposal. */
    readonly head: 'trusted' | 'untrusted';
    /** A fork's run: no credential is used, and nothing is written back but a patch. */
    readonly dropCredentials: boolean;
    /** One sentence. */
    readonly reason: string;
  };
  /** The manifest at `trust.ref`: its directory or file, and the SHA-256 of all that was read. */
  readonly manifest: { readonly path: string; readonly sha256: string };
  readonly agent: {
    readonly name: Sourced<string>;
    readonly bottles: Sourced<readonly string[]>;
    /** The provider's template: `command`, `claude`, … */
    readonly provider: Sourced<Selected['bottle']['agent_provider']['template']>;
    readonly program: Sourced<ProgramPlan>;
    readonly argv: readonly string[];
    /** To go on with a session, whose name takes the place of `session`; no argv: it cannot. */
    readonly resume: { readonly argv: readonly string[]; readonly session: string };
    /** Exit codes of its program that mean something. */
    readonly exitCodes: Readonly<Record<number, FailureReason>>;
    /** What to keep for a session to be resumed. */
    readonly sessionPaths: readonly GuestPath[];
    /** Null: nobody said what its model costs. */
    readonly prices: Prices | null;
    /** Null: any answer will do. */
    readonly outputSchema: {
      readonly schema: Readonly<Record<string, unknown>>;
      readonly source: string;
      /** Where it stands in the guest. */
      readonly schemaFile: GuestPath;
      /** Where the agent may leave its answer, if it does not say it. */
      readonly file: GuestPath;
      /** What it is told beside its task; empty: it knows already. */
      readonly instruction: string;
    } | null;
  };
  readonly engine: Sourced<EngineName>;
  readonly isolation: Isolation;
  readonly machine: {
    readonly name: string;
    readonly cpus: Sourced<number>;
    readonly memoryMib: Sourced<number>;
    readonly storageGib: Sourced<number>;
  };
  readonly image: Sourced<ImagePlan>;
  readonly cache: CachePlan;
  readonly user: GuestUser;
  readonly socket: GuestPath;
  readonly env: readonly EnvEntry[];
  readonly provision: ProvisionPlan;
  readonly limits: LimitsPlan;
  /** Globs in the guest: relative ones start at the workspace, `~/` ones at the home. */
  readonly outputs: Sourced<readonly string[]>;
  /** Where the agent may leave its one-text answer. */
  readonly resultFile: GuestPath;
  readonly artifact: PlannedArtifact;
  readonly session: SessionPlan;
  /** Whether the provenance is signed where the job may sign. */
  readonly attest: Sourced<'auto' | 'off'>;
  readonly reach: ReachPlan;
  readonly git: GitPlan;
  readonly secrets: readonly SecretPlan[];
  readonly sources: PlanSources;
  /** What the manifest declares and nothing comes of, and what of it gives way or is dropped. */
  readonly notices: readonly Problem[];
};
