/** What looks for secrets in a body as it passes, and the refusal that says what was found. */
import { Denied } from '../denied.ts';
import type { Finding } from '../protocol.ts';

/** What goes out may lag behind what came in by a few hundred bytes; `end` hands out the rest. */
export type BodyScan = {
  /** The bytes that may go on. Throws DlpDenied. */
  push(chunk: Uint8Array): Promise<Uint8Array>;
  end(): Promise<Uint8Array>;
  /** So far; each detector, label and action once. */
  findings(): readonly Finding[];
};

/** The detail names labels only, never what was found. */
export class DlpDenied extends Denied {
  readonly findings: readonly Finding[];

  constructor(detail: string, findings: readonly Finding[]) {
    super('dlp', detail);
    this.name = 'DlpDenied';
    this.findings = findings;
  }
}
