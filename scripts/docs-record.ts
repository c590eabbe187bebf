/** Writes the schemas of what a run leaves, `run.json` and `egress.jsonl`, from the code's own. */
import { writeFileSync } from 'node:fs';
import { transcriptSchemaText } from '../src/agent/event.ts';
import { egressSchemaText } from '../src/gateway/message.ts';
import { recordSchemaText } from '../src/report/record.ts';

const schemas = {
  run: recordSchemaText(),
  egress: egressSchemaText(),
  transcript: transcriptSchemaText(),
};
for (const [name, text] of Object.entries(schemas)) {
  writeFileSync(new URL(`../schema/${name}.schema.json`, import.meta.url), text);
}
