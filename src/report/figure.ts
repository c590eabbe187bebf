/** Figures that a page shows and the record only implies: each has one rule and a name. */
import type { EgressRecord, UsageRecord } from './egress-record.ts';
import type { RunRecord } from './record.ts';

/** What is counted or added up from the record. */
export const FIGURES = {
  tokens: ({ usage }: RunRecord) => totalTokens(usage),
  'files changed': ({ change }: RunRecord) => change.files.length,
  'lines added': ({ change }: RunRecord) => sum(change.files.map(({ added }) => added ?? 0)),
  'lines removed': ({ change }: RunRecord) => sum(change.files.map(({ removed }) => removed ?? 0)),
  commits: ({ change }: RunRecord) => change.commits.length,
  findings: ({ change }: RunRecord) => change.findings.length,
  outputs: ({ outputs }: RunRecord) => outputs.files.length,
  'bytes of outputs': ({ outputs }: RunRecord) => sum(outputs.files.map(({ size }) => size)),
  'entries refused': ({ outputs }: RunRecord) => outputs.refused.length,
  'walls proven': ({ walls }: RunRecord) => walls.length,
  'hosts denied': ({ egress }: RunRecord) => deniedHosts(egress).length,
  notices: ({ notices }: RunRecord) => notices.length,
  phases: ({ phases }: RunRecord) => phases.length,
} as const;

export function totalTokens({ tokens }: Pick<UsageRecord, 'tokens'>): number {
  return tokens.input + tokens.output + tokens.cacheRead + tokens.cacheWrite;
}

/** Each once, those that were asked for first in front. */
export function deniedHosts({ denials }: EgressRecord): readonly string[] {
  return [...new Set(denials.map(({ host }) => host).filter((host) => host !== ''))];
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

/** `51,234`. */
export function grouped(number: number): string {
  return number.toLocaleString('en-US', { maximumFractionDigits: 3 });
}

/** `1 file`, `2 files`, `no files`. */
export function counted(number: number, one: string, many = `${one}s`): string {
  if (number === 0) return `no ${many}`;
  return `${grouped(number)} ${number === 1 ? one : many}`;
}

/** `1.5 KiB`. */
export function size(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  const kib = bytes / 1024;
  if (kib < 1024) return `${kib.toFixed(1)} KiB`;
  return kib < 1024 * 1024
    ? `${(kib / 1024).toFixed(1)} MiB`
    : `${(kib / 1024 ** 2).toFixed(1)} GiB`;
}

/** `120 ms`, `3.4 s`, `1 min 2 s`. */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** Of 0 to 1 and above: `61 %`. */
export function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
