/** One decision for each request and each tunnel, written when it is over. */
import { Denied } from './denied.ts';
import type { DenialRule, Finding, GatewayDecision } from './protocol.ts';
import type { Scrub } from './scrub.ts';

const MAX_METHOD = 32;
const MAX_HOST = 253;
const MAX_PATH = 512;
/** More than any of these, so that what is cut off later was looked through as a whole. */
const MAX_SAID = 1024;
const MAX_DETAIL = 300;
const MAX_FINDINGS = 50;
/** Not the guest's doing: it was allowed and the other side did not hold up. */
const FAILURES = /^(?:upstream-|internal$)/;

export type Recorder = {
  readonly send: (decision: GatewayDecision) => void;
  readonly scrub: Scrub;
  /**
   * What is not over yet, in any order. A Set would leave its old tables behind, each kept by the
   * one before until the next full collection: 450 bytes a request.
   */
  readonly open: Entry[];
};

/** Filled in as the request goes on; `close` sends it, the first time that it is called. */
export type Entry = {
  method: string;
  host: string;
  port: number;
  path: string;
  route: string;
  status: number;
  bytesUp: number;
  bytesDown: number;
  credential: string;
  findings: readonly Finding[];
  /** Among those that are open; -1: it is no longer. */
  place: number;
  close(denied?: Denied): void;
  /** What it stands for is written down by others. */
  drop(): void;
};

export function openEntry({ send, scrub, open }: Recorder): Entry {
  const began = Date.now();
  const entry: Entry = {
    method: '',
    host: '',
    port: 0,
    path: '',
    route: '',
    status: 0,
    bytesUp: 0,
    bytesDown: 0,
    credential: '',
    findings: [],
    place: open.length,
    close: (denied) => {
      if (remove(open, entry)) send(decisionOf(entry, began, { denied, scrub }));
    },
    drop: () => void remove(open, entry),
  };
  open.push(entry);
  return entry;
}

/** The last one takes its place. False: it was not there any more. */
function remove(open: Entry[], entry: Entry): boolean {
  if (entry.place < 0) return false;
  const last = open.pop();
  if (last !== undefined && last !== entry) {
    open[entry.place] = last;
    last.place = entry.place;
  }
  entry.place = -1;
  return true;
}

/** At the end of the run, which cuts off what was let through. */
export function closeEntries({ open }: Recorder): void {
  const early = new Denied('timeout', 'the run ended before this was judged');
  for (const entry of [...open]) entry.close(entry.route === '' ? early : undefined);
}

function decisionOf(
  entry: Entry,
  began: number,
  { denied, scrub }: { readonly denied: Denied | undefined; readonly scrub: Scrub },
): GatewayDecision {
  const said = (text: string, length: number) =>
    scrub(ascii(text).slice(0, MAX_SAID)).slice(0, length);
  return {
    type: 'decision',
    time: new Date(began).toISOString(),
    decision: denied === undefined ? 'allowed' : decisionBy(denied.rule),
    rule: denied?.rule ?? 'route',
    detail: said(denied?.message ?? '', MAX_DETAIL),
    route: entry.route,
    method: said(entry.method, MAX_METHOD),
    // The name of a route is the plan's own word.
    host: entry.host === entry.route ? entry.host : said(entry.host, MAX_HOST),
    port: entry.port,
    path: said(entry.path, MAX_PATH),
    status: entry.status,
    bytesUp: entry.bytesUp,
    bytesDown: entry.bytesDown,
    milliseconds: Date.now() - began,
    credential: entry.credential,
    findings: entry.findings.slice(0, MAX_FINDINGS),
  };
}

function decisionBy(rule: DenialRule): 'denied' | 'failed' {
  return FAILURES.test(rule) ? 'failed' : 'denied';
}

function ascii(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '.');
}
