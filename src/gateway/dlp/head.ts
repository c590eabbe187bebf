/** Looks for secrets in all of a request but its body. */
import { MAX_GAP } from '../../secret/condense.ts';
import type { Finding } from '../protocol.ts';
import { createScan, type ScanParts } from './scan.ts';

export type Headers = readonly (readonly [name: string, value: string])[];

export type RequestHead = {
  /** As it goes upstream: lower case. */
  readonly host: string;
  readonly pathAndQuery: string;
  /** Before a credential is put in. */
  readonly headers: Headers;
};

export type SeenHead = {
  readonly pathAndQuery: string;
  readonly headers: Headers;
  readonly findings: readonly Finding[];
};

/** So much that no match reaches from one value into the next. */
const BETWEEN = '\n'.repeat(MAX_GAP + 1);

export async function inspectHead(
  { host, pathAndQuery, headers }: RequestHead,
  partsFor: (where: Finding['where']) => ScanParts,
): Promise<SeenHead> {
  const findings: Finding[] = [];

  async function scan(text: string, parts: ScanParts): Promise<string> {
    if (parts.detectors.length === 0 && parts.watchers.length === 0) return text;
    const scanning = createScan(parts);
    const first = await scanning.push(Buffer.from(text, 'latin1'));
    const seen = Buffer.concat([first, await scanning.end()]);
    findings.push(...scanning.findings());
    return seen.toString('latin1');
  }

  const mark = pathAndQuery.indexOf('?');
  const [path, query] =
    mark < 0 ? [pathAndQuery, ''] : [pathAndQuery.slice(0, mark), pathAndQuery.slice(mark + 1)];
  const fixed: [Finding['where'], string][] = [
    ['host', host],
    ...readings(path).map((text): [Finding['where'], string] => ['path', text]),
    ...readings(query).map((text): [Finding['where'], string] => ['query', text]),
    ['header', headers.map(([name]) => name).join(BETWEEN)],
  ];
  for (const [where, text] of fixed) await scan(text, { ...partsFor(where), onMatch: 'block' });
  const values = await scan(headers.map(([, value]) => value).join(BETWEEN), partsFor('header'));
  const seen = values.split(BETWEEN);
  return {
    pathAndQuery,
    headers: headers.map(([name], index) => [name, seen[index] ?? '']),
    findings: unique(findings),
  };
}

/** The text, and what it is after one and two rounds of URL decoding. */
function readings(text: string): string[] {
  const once = decode(text);
  return [...new Set([text, once, decode(once)])];
}

function decode(text: string): string {
  return text.replace(/%([\da-f]{2})|\+/gi, (_, digits) =>
    digits ? String.fromCharCode(Number.parseInt(digits, 16)) : ' ',
  );
}

function unique(findings: readonly Finding[]): Finding[] {
  return [...new Map(findings.map((finding) => [JSON.stringify(finding), finding])).values()];
}
