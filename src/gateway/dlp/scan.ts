/** Passes a body on while it is looked at, and the refusal that says what was found. */

import { messageOf } from '../../errors.ts';
import { createCover, type Piece } from '../../secret/cover.ts';
import { Denied } from '../denied.ts';
import type { Finding, RouteDlp } from '../protocol.ts';
import type { Decoder } from './decode.ts';
import type { Detection, Detector, Watcher } from './detector.ts';

export type BodyScan = {
  /**
   * The bytes that may go on. What may be the start of a match is kept back, a few hundred bytes at
   * most for a known secret, 4 KiB of a word or 12 KB of a private key for a token pattern.
   * Throws DlpDenied before the last byte of a match went on.
   */
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

export function refuse(where: Finding['where'], detections: readonly Label[]): DlpDenied {
  const findings = uniqueFindings(where, 'blocked', detections);
  const labels = findings.map(({ detector, label }) => `${label} (${detector})`).join(', ');
  return new DlpDenied(`the ${where} holds ${labels}`, findings);
}

type Label = Pick<Finding, 'detector' | 'label'>;

export function uniqueFindings(
  where: Finding['where'],
  action: Finding['action'],
  labels: readonly Label[],
): Finding[] {
  const unique = new Map(
    labels.map(({ detector, label }) => [
      `${detector}\0${label}`,
      { detector, label, where, action },
    ]),
  );
  return [...unique.values()];
}

export type ScanParts = {
  readonly where: Finding['where'];
  readonly detectors: readonly Detector[];
  readonly watchers: readonly Watcher[];
  readonly onMatch: RouteDlp['onMatch'];
};

export function createScan(parts: ScanParts): BodyScan {
  const { where, detectors, watchers, onMatch } = parts;
  const cover = createCover();
  const warned: Label[] = [];
  const redacted: Label[] = [];

  function watch(chunk: Uint8Array): void {
    for (const { detector, push } of watchers)
      for (const label of push(chunk)) note(warned, { detector, label });
  }

  function judge(detections: readonly Detection[]): void {
    if (detections.length === 0) return;
    if (onMatch === 'block') throw refuse(where, detections);
    for (const { detector, label } of detections) note(redacted, { detector, label });
  }

  return {
    async push(chunk) {
      watch(chunk);
      const detections = (await Promise.all(detectors.map((one) => one.push(chunk)))).flat();
      judge(detections);
      const held = Math.max(0, ...detectors.map((one) => one.held()));
      return Buffer.concat(cover.push(chunk, detections, held).map(mask));
    },
    async end() {
      const detections = (await Promise.all(detectors.map((one) => one.end()))).flat();
      judge(detections);
      return Buffer.concat(cover.end(detections).map(mask));
    },
    findings: () => [
      ...uniqueFindings(where, 'redacted', redacted),
      ...uniqueFindings(where, 'warned', warned),
    ],
  };
}

/** Looks at an encoded body and at what it stands for; what is found there cannot be redacted. */
export function createDecodingScan(parts: () => ScanParts, decoder: Decoder): BodyScan {
  const wire = createScan({ ...parts(), watchers: [], onMatch: 'block' });
  const plain = createScan({ ...parts(), onMatch: 'block' });

  async function decoded(bytes: Promise<Uint8Array>): Promise<Uint8Array> {
    try {
      return await bytes;
    } catch (error) {
      throw new DlpDenied(`the body cannot be decoded: ${messageOf(error)}`, []);
    }
  }

  let isEmpty = true;
  return {
    async push(chunk) {
      isEmpty = false;
      await plain.push(await decoded(decoder.push(chunk)));
      return wire.push(chunk);
    },
    async end() {
      // An answer to HEAD tells of an encoding and has no body.
      if (isEmpty) return NOTHING;
      await plain.push(await decoded(decoder.end()));
      await plain.end();
      return wire.end();
    },
    findings: plain.findings,
  };
}

/** Tells what it sees and lets everything pass, also what it cannot decode. */
export function createWatch({ where, watchers }: ScanParts, decoder?: Decoder): BodyScan {
  const seen = createScan({ where, watchers, detectors: [], onMatch: 'block' });
  let isBlind = false;

  async function look(bytes: () => Promise<Uint8Array> | Uint8Array): Promise<void> {
    if (isBlind) return;
    try {
      await seen.push(await bytes());
    } catch {
      isBlind = true;
    }
  }

  return {
    async push(chunk) {
      await look(() => decoder?.push(chunk) ?? chunk);
      return chunk;
    },
    async end() {
      await look(() => decoder?.end() ?? NOTHING);
      return NOTHING;
    },
    findings: seen.findings,
  };
}

const NOTHING = new Uint8Array(0);

function note(labels: Label[], label: Label): void {
  if (!labels.some((one) => one.detector === label.detector && one.label === label.label))
    labels.push(label);
}

/** As long as what it replaces, so that Content-Length stays true. */
const mask = ({ bytes, covered }: Piece): Uint8Array =>
  covered ? Buffer.alloc(bytes.length, '*') : bytes;
