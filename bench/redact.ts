/** Measures how fast a stream is searched for secrets, beside plain scans of the same bytes. */
import { createHash } from 'node:crypto';
import { createRedactor } from '../src/report/redact.ts';
import { encodingsOf } from '../src/secret/encoding.ts';
import { matchSecrets } from '../src/secret/matcher.ts';
import { type BenchRow, compare } from './row.ts';

const MEBIBYTES = 32;
const SECRETS = 10;
const ROUNDS = 5;

/**
 * Goal: at least 200 MB/s of processor time with ten secrets in all encodings, that is at most
 * 168 ms for 32 MiB, or at most twice as long as `indexOf` for the same.
 */
export async function benchRedact(): Promise<BenchRow[]> {
  const secrets = Array.from({ length: SECRETS }, (_, index) => `ghp_${noise(index, 36)}`);
  const rows: BenchRow[] = [];
  const plain = (block: Buffer, needles: readonly (string | Uint8Array)[]) => () =>
    timeOf(block, (chunk) => {
      for (const needle of needles) chunk.indexOf(needle);
    });
  const forms = secrets.flatMap(encodingsOf).map(({ bytes }) => bytes);
  // All of them take seconds: a tenth is measured.
  const some = forms.filter((_, index) => index % 10 === 0);
  for (const [kind, block] of Object.entries(samples())) {
    const name = `${MEBIBYTES} MiB of ${kind}, ${SECRETS} secrets`;
    const values = () => timeOf(block, redacting(secrets, 'values'));
    const all = () => timeOf(block, redacting(secrets, 'all'));
    const withTokens = `${name} and tokens`;
    const raw = 'indexOf, each raw';
    rows.push(
      await compare({ name, against: raw }, ROUNDS, values, plain(block, secrets)),
      await compare({ name: withTokens, against: raw }, ROUNDS, all, plain(block, secrets)),
      await compare({ name: withTokens, against: 'indexOf, each encoding' }, 1, all, async () => {
        return (await plain(block, some)()) * (forms.length / some.length);
      }),
    );
  }
  return rows;
}

/** `values`: known values alone, without the rules for tokens of vendors. */
function redacting(secrets: readonly string[], what: 'all' | 'values'): Look {
  const stream = createRedactor(secrets.map((value) => ({ name: '', value }))).stream();
  const matching = matchSecrets(secrets.map((value) => ({ label: '', value }))).stream();
  return what === 'all' ? (chunk) => stream.push(chunk) : (chunk) => matching.push(chunk);
}

type Look = (chunk: Buffer) => unknown;

/** Milliseconds of this thread's own work, which others on the machine do not change much. */
async function timeOf(block: Buffer, look: Look): Promise<number> {
  const before = process.threadCpuUsage();
  for (let round = 0; round < MEBIBYTES; round++) await look(block);
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1000;
}

/** One mebibyte each. */
function samples(): Readonly<Record<string, Buffer>> {
  const line = (index: number) =>
    `  const value${index} = read("name-${noise(index, 6)}"); // why\n`;
  const source = Array.from({ length: 20_000 }, (_, index) => line(index)).join('');
  return {
    source: Buffer.from(source).subarray(0, 2 ** 20),
    JSON: Buffer.from(JSON.stringify({ source })).subarray(0, 2 ** 20),
    base64: Buffer.from(noise(0, 2 ** 20)),
  };
}

/** The same in each run. */
function noise(seed: number, length: number): string {
  let text = '';
  for (let part = 0; text.length < length; part++)
    text += createHash('sha512').update(`${seed} ${part}`).digest('base64').replace(/[+/=]/g, '');
  return text.slice(0, length);
}

if (import.meta.main) console.table(await benchRedact());
