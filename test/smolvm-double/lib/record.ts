/** The machines' database: SQLite, as in smolvm, so that parallel commands are safe. */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { SmolvmError } from './command.ts';
import { databasePath } from './layout.ts';

export type Mount = { readonly host: string; readonly guest: string; readonly readOnly: boolean };
export type Port = { readonly host: number; readonly guest: number };
export type SocketMount = { readonly host: string; readonly guest: string };

export type MachineRecord = {
  readonly name: string;
  readonly state: 'created' | 'running' | 'stopped' | 'failed';
  /** The machine monitor's process. */
  readonly pid: number | null;
  readonly cpus: number;
  readonly memoryMib: number;
  readonly storageGib: number | null;
  readonly overlayGib: number | null;
  /** Null for a bare machine and for one from a pack of mode `vm`. */
  readonly image: string | null;
  /** Made with `--from`. */
  readonly packed: boolean;
  readonly entrypoint: readonly string[];
  readonly cmd: readonly string[];
  readonly env: readonly string[];
  /** Guest variable → host variable. */
  readonly secretEnv: readonly string[];
  readonly workdir: string | null;
  readonly mounts: readonly Mount[];
  readonly ports: readonly Port[];
  readonly sockets: readonly SocketMount[];
  readonly init: readonly string[];
  readonly network: boolean;
  readonly labels: Readonly<Record<string, string>>;
  readonly createdAt: number;
  /** The first start is done: image unpacked, init run. */
  readonly prepared: boolean;
};

let opened: DatabaseSync | undefined;

function database(): DatabaseSync {
  if (opened !== undefined) return opened;
  mkdirSync(dirname(databasePath()), { recursive: true });
  opened = new DatabaseSync(databasePath(), { timeout: 15_000 });
  opened.exec('PRAGMA journal_mode = WAL');
  // No machine of a test outlives the power, and a disk that is busy with others takes its time.
  opened.exec('PRAGMA synchronous = OFF');
  opened.exec('CREATE TABLE IF NOT EXISTS machine (name TEXT PRIMARY KEY, record TEXT NOT NULL)');
  return opened;
}

export function insertRecord(record: MachineRecord): void {
  const known = findRecord(record.name) !== undefined;
  const statement = database().prepare('INSERT OR IGNORE INTO machine VALUES (?, ?)');
  if (!known && statement.run(record.name, JSON.stringify(record)).changes === 1) return;
  throw new SmolvmError(
    `config operation failed: create machine: machine '${record.name}' already exists or is being created`,
  );
}

export function findRecord(name: string): MachineRecord | undefined {
  const row = database().prepare('SELECT record FROM machine WHERE name = ?').get(name);
  return row === undefined ? undefined : (JSON.parse(String(row.record)) as MachineRecord);
}

/** The record, or smolvm's error for a name that it does not know. */
export function getRecord(name: string): MachineRecord {
  const record = findRecord(name);
  if (record === undefined) throw new SmolvmError(`vm not found: ${name}`);
  return record;
}

export function updateRecord(record: MachineRecord, change: Partial<MachineRecord>): MachineRecord {
  const next = { ...record, ...change };
  const statement = database().prepare('UPDATE machine SET record = ? WHERE name = ?');
  statement.run(JSON.stringify(next), record.name);
  return next;
}

export function deleteRecord(name: string): void {
  database().prepare('DELETE FROM machine WHERE name = ?').run(name);
}

export function listRecords(): MachineRecord[] {
  const rows = database().prepare('SELECT record FROM machine ORDER BY name').all();
  return rows.map((row) => JSON.parse(String(row.record)) as MachineRecord);
}
