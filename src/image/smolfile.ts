/** Checks a Smolfile: only keys that grant nothing on the runner may stand in it. */
import { parse, TomlError } from 'smol-toml';
import { BottleError, type Problem } from '../errors.ts';

/**
 * What an image is and how it starts. All else (volumes, ports, network, secrets …) is authority.
 */
const HARMLESS: readonly string[] = [
  ...['image', 'entrypoint', 'cmd', 'env', 'workdir', 'user'],
  ...['cpus', 'memory', 'storage', 'overlay'],
];

const MAX_BYTES = 64 * 1024;

export type Smolfile = {
  /** The OCI reference that it is built from. */
  readonly image: string;
};

/** A reference to an image in a registry: `[host[:port]/]path[:tag][@sha256:…]`. */
const NAME = '[a-z0-9][a-z0-9._-]*';
const TAG = '\\w[\\w.-]{0,127}';
const REFERENCE = new RegExp(
  `^${NAME}(:[0-9]+)?(/${NAME})*(:${TAG})?(@sha256:[0-9a-f]{64})?$`,
  'i',
);

/** smolvm takes `/…`, `./…`, `-` and `*.tar` for files of the runner; those are not references. */
export function isRegistryReference(text: string): boolean {
  return REFERENCE.test(text) && !/\.(tar|tar\.gz|tgz)$/i.test(text);
}

/** The line where `key` is set or its table begins; the parser keeps no positions. */
function lineOf(text: string, key: string): number {
  const quoted = key.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const pattern = new RegExp(`^\\s*\\[{0,2}\\s*["']?${quoted}["']?\\s*[\\].=]`);
  return text.split('\n').findIndex((line) => pattern.test(line)) + 1;
}

function refuse(file: string, problems: readonly Problem[]): BottleError {
  return new BottleError({
    outcome: 'config-invalid',
    what: 'The Smolfile asks for more than an image may have',
    where: problems.map(({ line, message }) => `${file}:${line ?? 1}: ${message}`).join('; '),
    fix: `Keep to ${HARMLESS.join(', ')}; a bottle's manifest grants the rest.`,
    problems,
  });
}

function parseToml(file: string, text: string): Record<string, unknown> {
  try {
    if (Buffer.byteLength(text) > MAX_BYTES) throw new Error(`over ${MAX_BYTES} bytes`);
    return parse(text);
  } catch (error) {
    const { line, column } = error instanceof TomlError ? error : { line: 1, column: 1 };
    // The parser's message goes on with a drawing of the place.
    const message = String((error as Error).message).split('\n')[0] as string;
    throw new BottleError({
      outcome: 'config-invalid',
      what: 'The Smolfile is not TOML',
      where: `${file}:${line}:${column}: ${message}`,
      fix: 'Correct that line.',
      problems: [{ message, file, line, column }],
      cause: error,
    });
  }
}

function problemsOf(toml: Record<string, unknown>): { key: string; message: string }[] {
  const problems = Object.keys(toml)
    .filter((key) => !HARMLESS.includes(key))
    .map((key) => ({ key, message: `the key ${JSON.stringify(key)} is not accepted` }));
  const { image, env = [] } = toml;
  if (typeof image !== 'string' || !isRegistryReference(image)) {
    problems.push({ key: 'image', message: 'image must name an image in a registry' });
  }
  // `env = ["NAME"]` would copy the runner's own value into the image.
  const literal = (entry: unknown) => typeof entry === 'string' && /^[A-Za-z_]\w*=/.test(entry);
  if (!Array.isArray(env) || !env.every(literal)) {
    problems.push({ key: 'env', message: 'each entry of env must be NAME=value' });
  }
  return problems;
}

/**
 * Reads the Smolfile `text`, which stood in `file` at the trusted ref. Throws `config-invalid` that
 * names every refused key with its line.
 */
export function parseSmolfile(file: string, text: string): Smolfile {
  const toml = parseToml(file, text);
  const problems = problemsOf(toml).map(({ key, message }) => {
    return { message, file, line: Math.max(1, lineOf(text, key)) };
  });
  if (problems.length > 0) throw refuse(file, problems);
  return { image: toml.image as string };
}
