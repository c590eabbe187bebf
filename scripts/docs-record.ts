/** Writes the schemas of what a run or a fleet leaves, `run.json` and the like, from the code's own. */
import { writeFileSync } from 'node:fs';
import { transcriptSchemaText } from '../src/agent/event.ts';
import { egressSchemaText } from '../src/gateway/message.ts';
import { fleetSchemaText } from '../src/merge/fleet-record.ts';
import { recordSchemaText } from '../src/report/record.ts';

const schemas = {
  run: recordSchemaText(),
  egress: egressSchemaText(),
  transcript: transcriptSchemaText(),
  fleet: fleetSchemaText(),
};
for (const [name, text] of Object.entries(schemas)) {
  writeFileSync(new URL(`../schema/${name}.schema.json`, import.meta.url), text);
}
