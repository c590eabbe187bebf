/** Asks this runner's own package managers where they fetch from: no such host is named in our code. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { BottleError } from './errors.ts';
import type { Host, HostPath, RunResult } from './host/host.ts';
import type { Selected } from './manifest/manifest.ts';
import type { Registry } from './plan/plan.ts';

type RegistryHost = Pick<Host, 'env' | 'run' | 'which'>;

type Client = {
  /** The first that is there is asked. */
  readonly programs: readonly string[];
  readonly questions: readonly Question[];
  /** What the client has to find in its directory. */
  readonly files?: Readonly<Record<string, string>>;
};

type Question = {
  readonly arguments: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** The part of the answer in which addresses stand. */
  answer(result: RunResult): string;
};

const NOWHERE = 'http://127.0.0.1:1';

const CLIENTS = new Map(
  Object.entries<Client>({
    npm: {
      programs: ['npm'],
      // `--global`: without what a project would say.
      questions: [{ arguments: ['config', 'get', 'registry', '--global'], answer: wholeOutput }],
    },
    pypi: {
      programs: ['pip', 'pip3'],
      questions: [
        // Only the help shows an index that is not configured, and it wraps its lines.
        {
          arguments: ['install', '--help'],
          env: { COLUMNS: '10000' },
          answer: ({ stdout }) => /--index-url <url>[^(]*\(default (\S+)\)/.exec(stdout)?.[1] ?? '',
        },
        {
          arguments: ['config', 'list'],
          answer: ({ stdout }) => (stdout.match(/extra-index-url=.*/g) ?? []).join(' '),
        },
      ],
    },
    crates: {
      programs: ['cargo'],
      files: {
        'Cargo.toml':
          '[workspace]\n[package]\nname = "ask"\nversion = "0.0.0"\n[dependencies]\nx = "1"\n',
        'src/lib.rs': '',
      },
      questions: [
        // cargo tells nobody where its index is, but complains when it cannot get there.
        {
          arguments: ['generate-lockfile'],
          env: {
            CARGO_HTTP_PROXY: NOWHERE,
            NO_PROXY: '',
            no_proxy: '',
            CARGO_NET_OFFLINE: 'false',
            CARGO_NET_RETRY: '0',
            CARGO_TERM_COLOR: 'never',
          },
          answer: ({ stderr }) => (stderr.match(/(?:from|fetch) `[^`]+/g) ?? []).join(' '),
        },
      ],
    },
    go: {
      programs: ['go'],
      questions: [
        { arguments: ['env', 'GOPROXY'], env: { GOTOOLCHAIN: 'local' }, answer: wholeOutput },
      ],
    },
    debian: {
      programs: ['apt-get'],
      questions: [{ arguments: ['update', '--print-uris'], answer: wholeOutput }],
    },
  }),
);

const ASK_TIMEOUT_MS = 20_000;

/**
 * `scratch`: a directory of the step. The clients are asked below it, so that nothing of a checkout
 * has a say.
 * @throws {BottleError} `config-invalid` when one that the bottle's presets need does not tell
 */
export async function askRegistries(
  host: RegistryHost,
  { bottle, source }: Selected,
  scratch: HostPath,
): Promise<readonly Registry[]> {
  const presets = bottle.egress?.presets ?? [];
  const asked = presets.map(async (preset, index) => {
    const client = CLIENTS.get(preset);
    if (client === undefined) return [];
    const place = source(['bottle', 'egress', 'presets', index]);
    return await askClient(host, preset, client, place, join(scratch, `ask-${preset}`));
  });
  return (await Promise.all(asked)).flat();
}

async function askClient(
  host: RegistryHost,
  preset: string,
  { programs, questions, files = {} }: Client,
  place: string,
  directory: HostPath,
): Promise<readonly Registry[]> {
  const program = programs.map((name) => host.which(name)).find((path) => path !== undefined);
  if (program === undefined) throw silent(preset, place, `this runner has no ${programs[0]}`);
  await mkdir(join(directory, 'src'), { recursive: true });
  for (const [name, text] of Object.entries(files)) await writeFile(join(directory, name), text);
  const answers = await Promise.all(
    questions.map((question) => ask(host, program, question, directory)),
  );
  const registries = answers.flat().flatMap((address) => registryAt(preset, address));
  const distinct = new Map(registries.map((found) => [`${found.host}:${found.port}`, found]));
  if (distinct.size > 0) return [...distinct.values()];
  const commands = questions.map((question) => `${programs[0]} ${question.arguments.join(' ')}`);
  throw silent(preset, place, `"${commands.join('" and "')}" named no host`);
}

/** Whatever the exit code: who complains may have told all the same. */
async function ask(
  host: RegistryHost,
  program: HostPath,
  question: Question,
  cwd: HostPath,
): Promise<readonly string[]> {
  const env = { ...host.env, ...question.env } as Record<string, string>;
  const options = { cwd, env, timeoutMs: ASK_TIMEOUT_MS };
  const result = await host.run([program, ...question.arguments], options);
  return await addressesIn(question.answer(result));
}

function wholeOutput({ stdout }: RunResult): string {
  return stdout;
}

/** apt may be given a file with addresses of mirrors in an address's place. */
async function addressesIn(text: string): Promise<readonly string[]> {
  const lists = [...text.matchAll(/\bmirror\+file:(\/.+?)\/dists\//g)].map(([, path = '']) => path);
  const read = (path: string) => readFile(path, 'utf8').catch(() => '');
  const texts = [text, ...(await Promise.all([...new Set(lists)].map(read)))];
  return texts.flatMap((each) => each.match(/\bhttps?:\/\/[^\s,|'"`\\]+/gi) ?? []);
}

/** Of an address, which may hold a password, only the host and the port are kept. */
function registryAt(preset: string, address: string): readonly Registry[] {
  if (!URL.canParse(address)) return [];
  const { protocol, hostname, port } = new URL(address);
  const isName = /^(?:[a-z0-9_-]+\.)*[a-z0-9_-]+$/.test(hostname) && isIP(hostname) === 0;
  if (!isName) return [];
  return [{ preset, host: hostname, port: Number(port || (protocol === 'https:' ? 443 : 80)) }];
}

function silent(preset: string, place: string, found: string): BottleError {
  return new BottleError({
    outcome: 'config-invalid',
    what: `Nobody tells which hosts the preset "${preset}" is: ${found}`,
    where: `egress.presets, ${place}`,
    fix: 'Install or configure the package manager on the runner, or name its host by hand under "egress.routes" instead of the preset.',
  });
}
