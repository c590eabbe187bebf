/** What the detectors have in common: they read a stream and say where something is. */
import type { Finding } from '../protocol.ts';

export type Detection = {
  readonly detector: Finding['detector'];
  /** Name of the secret or of the rule. */
  readonly label: string;
  /** Bytes of the stream. */
  readonly start: number;
  readonly end: number;
};

/** Something that must not pass. */
export type Detector = {
  push(chunk: Uint8Array): Promise<readonly Detection[]>;
  end(): Promise<readonly Detection[]>;
  /** How many bytes at the end may turn out to be part of a detection. */
  held(): number;
};

/** Something to tell of, no more: what was seen in this chunk, or across its start. */
export type Watcher = {
  readonly detector: Finding['detector'];
  /** Labels. */
  push(chunk: Uint8Array): readonly string[];
};
