/** The machine that a bottle runs in, whichever engine boots it. */
import type { HostPath } from '../host/host.ts';

/** A path inside the guest: absolute, POSIX. Never to be mixed up with a path on the runner. */
export type GuestPath = string & { readonly guest?: never };

export type EngineName = 'smolvm' | 'bubblewrap';
export type Isolation = 'microvm' | 'namespaces';

/** What the machine boots from. */
export type MachineImage =
  /** The runner's own `/usr`, read-only (bubblewrap). */
  | { readonly kind: 'host' }
  /** A validated `.smolmachine`; `rootfs` is its unpacked tree where an engine needs one. */
  | { readonly kind: 'smolmachine'; readonly path: HostPath; readonly rootfs?: HostPath };

export type MachineSpec = {
  /** Unique per attempt: `bottle-<slug>`. */
  readonly name: string;
  readonly image: MachineImage;
  readonly cpus: number;
  readonly memoryMib: number;
  readonly storageGib: number;
  /** The agent's user in the guest; the engine makes sure that it and its home exist. */
  readonly user: GuestUser;
  /** The gateway's socket, and where the guest sees it. */
  readonly socket: { readonly host: HostPath; readonly guest: GuestPath };
  /** A directory of this run for the engine's state; the engine creates it and `destroy` removes it. */
  readonly stateDir: HostPath;
  /** A directory of the runner that the guest reads: it cannot change the runner's own. */
  readonly program?: { readonly host: HostPath; readonly guest: GuestPath };
  readonly labels: Readonly<Record<string, string>>;
};

export type GuestUser = {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: GuestPath;
};

export type ExecOptions = {
  /** Who runs it: the agent's ordinary user (default), or root where the engine has one. */
  readonly user?: 'agent' | 'root';
  /** Default: the user's home. */
  readonly cwd?: GuestPath;
  /** Neither `env` nor `secretEnv` ever reaches an argv on the runner. */
  readonly env?: Readonly<Record<string, string>>;
  readonly secretEnv?: Readonly<Record<string, string>>;
  readonly stdin?: Uint8Array | AsyncIterable<Uint8Array>;
  /** A returned promise holds the guest back until it settles. */
  readonly onStdout?: (chunk: Uint8Array) => void | Promise<void>;
  readonly onStderr?: (chunk: Uint8Array) => void | Promise<void>;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
};

/** How a command in the guest ended. An engine's own failure is thrown, never an exit code. */
export type ExecResult = {
  /** The guest's own code; a death by signal is 128 + its number. */
  readonly exitCode: number;
  readonly timedOut: boolean;
  readonly aborted: boolean;
  readonly durationMs: number;
};

export interface Machine {
  readonly name: string;
  readonly engine: EngineName;
  readonly isolation: Isolation;
  /** As the engine reports it, for the record. */
  readonly engineVersion: string;
  /**
   * Runs one command as the agent's user and waits. When it ends (by itself, by timeout or by signal)
   * no process that it started is left.
   */
  exec(argv: readonly string[], options?: ExecOptions): Promise<ExecResult>;
  stop(): Promise<void>;
  /** Stops and removes the machine and its state. Safe to call again. */
  destroy(): Promise<void>;
}

/** One thing that was probed on the runner. */
export type Finding = {
  readonly probe: string;
  readonly found: string;
  /** `warn`: a bottle boots all the same; `fail`: none does. */
  readonly level: 'ok' | 'warn' | 'fail';
  /** One line; empty when `ok`. */
  readonly remedy: string;
};

/** What `post` needs to find a machine again. */
export type MachineHandle = {
  readonly engine: EngineName;
  readonly name: string;
  readonly stateDir: HostPath;
};

export interface Engine {
  readonly name: EngineName;
  readonly isolation: Isolation;
  /** Creates and boots. Throws `BottleError` with outcome `boot-failed`. */
  create(spec: MachineSpec, signal?: AbortSignal): Promise<Machine>;
  /** Removes what is left of a machine, by name; true when there was something. */
  destroy(handle: MachineHandle): Promise<boolean>;
}
