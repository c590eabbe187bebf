/** The outside world as the stages see it. Tests pass a fake in; nothing is module-mocked. */

import type { Duplex } from 'node:stream';

/** A path on the runner. */
export type HostPath = string;

export type LogLocation = {
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
  readonly title?: string;
};

/** Where guest bytes become log lines. Every byte passes the sanitiser; see `sanitise.ts`. */
export interface GuestLog {
  write(chunk: Uint8Array): void;
  /** Flushes an unfinished line and gives workflow commands back to us. */
  end(): void | Promise<void>;
}

/** The step's log. Text that could be read by the runner as a command is defused in every method. */
export interface Log {
  info(message: string): void;
  debug(message: string): void;
  notice(message: string, location?: LogLocation): void;
  warning(message: string, location?: LogLocation): void;
  error(message: string, location?: LogLocation): void;
  /** Opens a foldable group; groups do not nest. */
  startGroup(title: string): void;
  endGroup(): void;
  /** Opens a sink for guest output; each line appears as `source | line`. */
  openGuestLog(source: string): GuestLog;
}

/** How a process ended. Exactly one of `exitCode` and `signal` is not null. */
export type ProcessExit = {
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** Our own timer ended it. */
  readonly timedOut: boolean;
  /** The caller's `AbortSignal` ended it. */
  readonly aborted: boolean;
  readonly durationMs: number;
};

export type RunOptions = {
  readonly cwd?: HostPath;
  /** The child's whole environment; default: the runner's own. */
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: Uint8Array;
  readonly timeoutMs?: number;
};

/** A short command that has ended. `exitCode` is never null: a signal becomes 128 + its number. */
export type RunResult = {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
};

export type SpawnOptions = {
  readonly cwd?: HostPath;
  /** The child's whole environment: nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  /** Bytes for stdin, as a whole or as a stream; absent: `/dev/null`. A broken pipe is not an error. */
  readonly stdin?: Uint8Array | AsyncIterable<Uint8Array>;
  /** Bytes on file descriptor 3, for options that must not stand in argv. */
  readonly fd3?: Uint8Array;
  /** Instead: takes our end of a socket on descriptor 3, over which the child's children talk to us. */
  readonly onChannel?: (channel: Duplex) => void;
  /** Output as it comes. A returned promise holds the stream back until it settles. Absent: dropped. */
  readonly onStdout?: (chunk: Uint8Array) => void | Promise<void>;
  readonly onStderr?: (chunk: Uint8Array) => void | Promise<void>;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** Unix ids for the child (root only). */
  readonly uid?: number;
  readonly gid?: number;
  /** Milliseconds between SIGTERM and SIGKILL when we end it; 0 kills at once. Default 2000. */
  readonly graceMs?: number;
};

/** A long-lived child in a process group of its own. */
export interface RunningProcess {
  readonly pid: number;
  /** Settles when the child has ended and its output was handed over. Never rejects on an exit code. */
  readonly exit: Promise<ProcessExit>;
  /** Ends the whole group: SIGTERM, then SIGKILL after the grace. Safe to call again. */
  kill(): void;
}

export type MachineFacts = {
  readonly cores: number;
  readonly memoryMib: number;
  readonly freeMemoryMib: number;
  /** Of the file system that holds the step's directory. */
  readonly freeDiskGib: number;
};

/** What a stage may ask of the runner. */
export interface Host {
  readonly platform: string;
  readonly arch: string;
  /** Numeric user id of this process; -1 where the platform has none. */
  readonly uid: number;
  /** The environment of the step. The only door to it. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The Node binary that runs this action. */
  readonly nodePath: HostPath;
  /** The bundled gateway's entry file. */
  readonly gatewayEntry: HostPath;
  readonly log: Log;
  facts(): MachineFacts;
  /** Milliseconds since the epoch. */
  now(): number;
  /** Lower-case base-36 characters from a secure source. */
  randomName(length: number): string;
  /** The value of an action input, trimmed; empty when not given. */
  input(name: string): string;
  /** Runs a short command to its end. Throws only when it cannot be started. */
  run(argv: readonly string[], options?: RunOptions): Promise<RunResult>;
  /** Starts a long-lived command. Throws when it cannot be started. */
  spawn(argv: readonly string[], options: SpawnOptions): Promise<RunningProcess>;
  /** The absolute path of a program on PATH, or undefined. */
  which(program: string): HostPath | undefined;
  saveState(name: string, value: string): void;
  state(name: string): string;
  setOutput(name: string, value: string): void;
  /** Registers a value to be masked in everything printed later. */
  setSecret(value: string): void;
  writeSummary(markdown: string): Promise<void>;
  /** Marks the step as failed; the one place is `action.ts`. */
  setFailed(message: string): void;
  /** Aborts on the runner's cancellation (SIGINT, then SIGTERM). */
  readonly cancelled: AbortSignal;
}

export type UploadedArtifact = {
  readonly id: string;
  readonly url: string;
  /** `sha256:<hex>` of what was uploaded. */
  readonly digest: string;
  /** Bytes as uploaded. */
  readonly size: number;
};

export type CacheOptions = {
  /** A directory that comes first on the client's PATH during the call: its `tar`, its `zstd`. */
  readonly tools?: HostPath;
  /** How long a restore may take to learn whether there is an entry; the transfer has no limit. */
  readonly lookupMs?: number;
};

export type UploadOptions = {
  readonly retentionDays?: number;
  /** Of the zip: 0 to 9. */
  readonly compressionLevel?: number;
  /** No zip: one file, which has the artifact's name. */
  readonly raw?: boolean;
};

/** An artifact of this workflow run. */
export type ListedArtifact = {
  readonly id: string;
  readonly name: string;
  /** Bytes as uploaded. */
  readonly size: number;
  /** `sha256:<hex>`; empty when the service does not say. */
  readonly digest: string;
};

/** Where an artifact is that this workflow run did not make. */
export type OtherRun = {
  readonly workflowRun: number;
  /** `owner/name`. */
  readonly repository: string;
  /** With the right `actions: read`. */
  readonly token: string;
};

/** What is vouched for, as in-toto has it. */
export type AttestationRequest = {
  readonly subject: readonly {
    readonly name: string;
    readonly digest: { readonly sha256: string };
  }[];
  readonly predicateType: string;
  readonly predicate: object;
};

export type Attestation = {
  /** Sigstore's, as JSON. */
  readonly bundle: unknown;
  /** Why GitHub does not have it too; empty when it does. */
  readonly stored: string;
};

/** GitHub's own services; apart from `Host` so that the post step need not load their clients. */
export interface Services {
  /** Loads what an upload takes, while there is time: it costs 140 ms. Never throws. */
  prepareUpload(): Promise<void>;
  /** Uploads `files` (absolute, below `root`) as one artifact. Throws what the service answered. */
  uploadArtifact(
    name: string,
    files: readonly HostPath[],
    root: HostPath,
    options: UploadOptions,
  ): Promise<UploadedArtifact>;
  /** The newest of each name, or of the one name, in this workflow run. Throws what the service answered. */
  listArtifacts(name?: string): Promise<readonly ListedArtifact[]>;
  /**
   * Downloads an artifact as it was uploaded, unopened, into a directory that is made for it: the
   * file's path. `from`: it is of another workflow run. Throws for more than `maxBytes`, and when the
   * bytes are not those that were listed.
   */
  downloadArtifact(
    artifact: ListedArtifact,
    directory: HostPath,
    maxBytes: number,
    from?: OtherRun,
  ): Promise<HostPath>;
  /**
   * Signs as this workflow, and leaves the result with GitHub. Needs `id-token: write`, and
   * `attestations: write` for the latter. Throws what Sigstore answered.
   */
  attest(request: AttestationRequest, token: string): Promise<Attestation>;
  /** Restores `paths` under exactly `key`; false on a miss. Throws when no answer comes in time. */
  restoreCache(paths: readonly string[], key: string, options?: CacheOptions): Promise<boolean>;
  /** Saves `paths` under `key`; false when the service did not take it. */
  saveCache(paths: readonly string[], key: string, options?: CacheOptions): Promise<boolean>;
}
