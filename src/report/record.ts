/** `run.json`: the record of a run. Plain data, versioned. */
import type { Outcome } from '../errors.ts';
import type { EngineName, Isolation } from '../machine/machine.ts';
import type { CollectedFile, RefusedEntry } from '../outputs/outputs.ts';

export type Phase = {
  readonly name: string;
  readonly startMs: number;
  readonly durationMs: number;
};

export type RunRecord = {
  readonly version: 1;
  readonly runId: string;
  readonly outcome: Outcome;
  /** One sentence: why the outcome is what it is. */
  readonly reason: string;
  /** Empty unless the run failed: the error's where and fix. */
  readonly where: string;
  readonly fix: string;
  /** Null when the agent never ran or was ended by us. */
  readonly exitCode: number | null;
  readonly agent: {
    readonly name: string;
    readonly provider: string;
    readonly bottles: readonly string[];
  };
  readonly engine: {
    readonly name: EngineName;
    readonly version: string;
    readonly isolation: Isolation;
  };
  readonly machine: {
    readonly cpus: number;
    readonly memoryMib: number;
    readonly storageGib: number;
  };
  readonly image: { readonly kind: string; readonly reference: string; readonly sha256: string };
  readonly repository: {
    readonly name: string;
    readonly sha: string;
    readonly event: string;
    readonly actor: string;
  };
  readonly startedAt: string;
  readonly durationMs: number;
  /** `startMs` counts from `startedAt`. */
  readonly phases: readonly Phase[];
  readonly limits: {
    readonly minutes: { readonly limit: number; readonly used: number };
    readonly idleMinutes: { readonly limit: number };
    readonly outputMib: { readonly limit: number; readonly used: number };
  };
  readonly provisioned: {
    readonly files: number;
    readonly bytes: number;
    readonly skills: readonly string[];
  };
  readonly outputs: {
    readonly files: readonly CollectedFile[];
    readonly refused: readonly RefusedEntry[];
  };
  readonly change: {
    readonly files: readonly string[];
    readonly patchSha256: string;
    readonly baseCommit: string;
  };
  readonly result: string;
  readonly notices: readonly string[];
};
