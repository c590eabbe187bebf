/** Writes `schema/run.schema.json` from the schema that the code uses. */
import { writeFileSync } from 'node:fs';
import { recordSchemaText } from '../src/report/record.ts';

writeFileSync(new URL('../schema/run.schema.json', import.meta.url), recordSchemaText());
