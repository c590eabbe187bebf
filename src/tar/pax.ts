/** Extended headers of POSIX pax: `<length> <key>=<value>\n`, repeated. */
import { TarError } from './tar-error.ts';

/** The records that change how a member is read; absent ones leave the header's own value. */
export type PaxRecords = {
  path?: Buffer;
  linkpath?: Buffer;
  size?: number;
  uid?: number;
  gid?: number;
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
  else records[key] = parseDecimal(key, value.toString('latin1'));
}

function isKnown(key: string): key is 'path' | 'linkpath' | 'size' | 'uid' | 'gid' | 'mtime' {
  return ['path', 'linkpath', 'size', 'uid', 'gid', 'mtime'].includes(key);
}

function parseDecimal(key: string, text: string): number {
  const pattern = key === 'mtime' ? /^-?[0-9]{1,20}(\.[0-9]*)?$/ : /^[0-9]{1,20}$/;
  const value = Math.floor(Number(text));
  if (!pattern.test(text) || !Number.isSafeInteger(value)) {
    throw new TarError('corrupt', `${key} is not a number that fits`);
  }
  return value;
}

function corrupt(): TarError {
  return new TarError('corrupt', 'an extended header breaks its format');
}
