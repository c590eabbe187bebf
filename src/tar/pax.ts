/** Extended headers of POSIX pax: `<length> <key>=<value>\n`, repeated. */
import { TarError } from './tar-error.ts';

/** The records that change how a member is read; absent ones leave the header's own value. */
export type PaxRecords = {
  path?: Buffer;
  linkpath?: Buffer;
  size?: number;
  mtime?: number;
  /** The member's content is not the file but its pieces. */
  sparse?: boolean;
};

const SPACE = 0x20;
const EQUALS = 0x3d;
const LF = 0x0a;

/** Throws `TarError` (`corrupt`); a key that matters and stands there twice is corrupt too. */
export function parsePax(content: Buffer): PaxRecords {
  const records: PaxRecords = {};
  for (let at = 0; at < content.length; ) {
    const record = content.subarray(at, at + recordLength(content, at));
    const start = record.indexOf(SPACE) + 1;
    const equals = record.indexOf(EQUALS, start);
    if (equals <= start || record.at(-1) !== LF) throw corrupt();
    setRecord(records, record.toString('utf8', start, equals), record.subarray(equals + 1, -1));
    at += record.length;
  }
  return records;
}

function recordLength(content: Buffer, at: number): number {
  // A length of more digits than this is longer than any header that we take.
  const digits = /^[1-9][0-9]{0,8}(?= )/.exec(content.toString('latin1', at, at + 10))?.[0];
  const length = Number(digits);
  if (!(length <= content.length - at)) throw corrupt();
  return length;
}

function setRecord(records: PaxRecords, key: string, value: Buffer): void {
  if (key.startsWith('GNU.sparse.')) {
    records.sparse = true;
    return;
  }
  if (!isKnown(key)) return;
  if (records[key] !== undefined) throw new TarError('corrupt', `${key} is given twice`);
  // An empty value takes a record of an earlier header back; we keep none.
  if (value.length === 0) return;
  if (key === 'path' || key === 'linkpath') records[key] = value;
  else if (key === 'mtime') records.mtime = parseDecimal(value) ?? 0;
  else records.size = parseSize(value);
}

function isKnown(key: string): key is 'path' | 'linkpath' | 'size' | 'mtime' {
  return ['path', 'linkpath', 'size', 'mtime'].includes(key);
}

function parseSize(value: Buffer): number {
  const size = parseDecimal(value);
  if (size !== undefined && !value.includes('.')) return size;
  throw new TarError('corrupt', 'size is not a number that fits');
}

/** A whole number, rounded down; undefined for what is none, is negative or does not fit. */
function parseDecimal(value: Buffer): number | undefined {
  const text = value.toString('latin1');
  const number = Math.floor(Number(text));
  return /^[0-9]{1,20}(\.[0-9]*)?$/.test(text) && Number.isSafeInteger(number) ? number : undefined;
}

function corrupt(): TarError {
  return new TarError('corrupt', 'an extended header breaks its format');
}
