/** Writes the schemas of what a run or a fleet leaves, `run.json` and the like, and what became of them. */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { transcriptSchemaText } from '../src/agent/event.ts';
import { egressSchemaText } from '../src/gateway/message.ts';
import { fleetSchemaText } from '../src/merge/fleet-record.ts';
import { recordSchemaText } from '../src/report/record.ts';
import { sessionSchemaText } from '../src/session/session.ts';

const changes = new URL('../schema/CHANGES.md', import.meta.url);

export const SCHEMAS = {
  run: recordSchemaText(),
  egress: egressSchemaText(),
  transcript: transcriptSchemaText(),
  fleet: fleetSchemaText(),
  session: sessionSchemaText(),
};

/** One state of a schema: the last line about it in `schema/CHANGES.md` is the present one. */
export type SchemaState = {
  readonly schema: string;
  readonly release: string;
  readonly digest: string;
  readonly note: string;
};

export const UNRELEASED = 'unreleased';
export const UNTOLD = 'SAY WHAT CHANGED';

/** Of the shape alone: descriptions may change at any time. */
export function shapeDigest(schemaText: string): string {
  const shape = JSON.stringify(JSON.parse(schemaText), (key, value) =>
    key === 'description' && typeof value === 'string' ? undefined : value,
  );
  return createHash('sha256').update(shape).digest('hex').slice(0, 16);
}

export function readStates(): readonly SchemaState[] {
  const rows = readFileSync(changes, 'utf8').matchAll(
    /^\| `(\w+)` \| (.*?) \| `(\w+)` \| (.*) \|$/gm,
  );
  return [...rows].map(([, schema = '', release = '', digest = '', note = '']) => {
    return { schema, release, digest, note };
  });
}

/** What is not released yet may still change; after that, each change has a line of its own. */
export function statesNow(states: readonly SchemaState[]): readonly SchemaState[] {
  const now = [...states];
  for (const [schema, text] of Object.entries(SCHEMAS)) {
    const digest = shapeDigest(text);
    const at = now.findLastIndex((state) => state.schema === schema);
    const last = now[at];
    if (last?.digest === digest) continue;
    if (last?.release === UNRELEASED) now[at] = { ...last, digest };
    else now.push({ schema, release: UNRELEASED, digest, note: UNTOLD });
  }
  return now;
}

function writeStates(states: readonly SchemaState[]): void {
  const text = readFileSync(changes, 'utf8');
  const rows = states.map(({ schema, release, digest, note }) => {
    return `| \`${schema}\` | ${release} | \`${digest}\` | ${note} |`;
  });
  const head = text.slice(0, text.indexOf('|---'));
  writeFileSync(changes, `${head}|---|---|---|---|\n${rows.join('\n')}\n`);
}

if (import.meta.main) {
  for (const [name, text] of Object.entries(SCHEMAS)) {
    writeFileSync(new URL(`../schema/${name}.schema.json`, import.meta.url), text);
  }
  writeStates(statesNow(readStates()));
}
