/** The agent's answer as data: found, held to its schema, and asked for once more where it fails. */
import type { Machine } from '../machine/machine.ts';
import { compileSchema, type SchemaProblem } from '../output-schema.ts';
import type { Plan } from '../plan/plan.ts';
import type { AgentFailure } from './judge.ts';
import type { Tally } from './tally.ts';

type SchemaPlan = NonNullable<Plan['agent']['outputSchema']>;

export type Answer =
  | { readonly ok: true; readonly data: unknown }
  | { readonly ok: false; readonly problem: SchemaProblem };

/** Bytes of the file that it may leave in the guest. */
const MAX_FILE_BYTES = 16 * 1024 * 1024;

/** What it gave as data, what its last words are as JSON, or what it left in the file for it. */
export async function readAnswer(
  machine: Machine,
  { schema, file, source }: SchemaPlan,
  { finished }: Tally,
): Promise<Answer> {
  const check = await compileSchema(schema, source);
  const said = finished?.structured ?? jsonOf(finished?.result ?? '');
  const data = said === undefined ? jsonOf(await readFile(machine, file)) : said;
  if (data === undefined) {
    const message = 'must be there: the agent gave no JSON';
    return { ok: false, problem: { path: '', rule: 'required', message } };
  }
  const problem = check(data);
  return problem === undefined ? { ok: true, data } : { ok: false, problem };
}

/** What the agent is told about its answer. */
export function repairText({ path, rule, message }: SchemaProblem, { schema }: SchemaPlan): string {
  return [
    'Your answer does not follow the JSON Schema that it has to follow.',
    `At ${path || 'the whole'}: ${message} (rule ${rule}).`,
    'Give it again, as nothing but JSON that follows this schema:',
    JSON.stringify(schema),
  ].join('\n');
}

export function schemaFailure({ path, rule, message }: SchemaProblem): AgentFailure {
  const where = path === '' ? 'the whole answer' : path;
  return { reason: 'schema-invalid', status: 0, message: `${where} ${message} (rule ${rule})` };
}

/** The whole text, or the last fenced block in it. */
function jsonOf(text: string): unknown {
  const whole = parse(text);
  if (whole !== undefined) return whole;
  const fenced = [...text.matchAll(/^```(?:json)?[ \t]*\n([\s\S]*?)^```/gm)].at(-1)?.[1];
  return fenced === undefined ? undefined : parse(fenced);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function readFile(machine: Machine, path: string): Promise<string> {
  const chunks: Buffer[] = [];
  let left = MAX_FILE_BYTES;
  const script = 'if [ -f "$1" ]; then cat -- "$1"; fi';
  await machine.exec(['/bin/sh', '-c', script, 'sh', path], {
    onStdout(chunk) {
      if (left > 0) chunks.push(Buffer.from(chunk.subarray(0, left)));
      left -= chunk.length;
    },
    timeoutMs: 30_000,
  });
  return Buffer.concat(chunks).toString();
}
