/** What the runner's package managers are asked, and what of their answers opens a host. */
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { BottleError } from '../src/errors.ts';
import type { RunOptions } from '../src/host/host.ts';
import { runProcess } from '../src/host/process.ts';
import { askRegistries } from '../src/registry.ts';
import { directory, requestOf } from './plan/scene.ts';

const DEV = '.bot-bottle/bottles/dev.md';
let home: string;
let bin: string;

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'registry-'));
  bin = join(home, 'bin');
  await mkdir(bin);
});
afterEach(() => rm(home, { recursive: true, force: true }));

/** A program on PATH that is this shell script. */
async function install(program: string, script: string): Promise<void> {
  await writeFile(join(bin, program), `#!/bin/sh\n${script}\n`);
  await chmod(join(bin, program), 0o755);
}

type Asking = {
  readonly presets?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
};

async function ask({ presets = 'npm', env = {}, timeoutMs }: Asking = {}) {
  const files = directory(`engine: bubblewrap\negress: { presets: [${presets}] }`);
  const { selected } = await requestOf(files);
  const whole = { PATH: `${bin}:/usr/bin:/bin`, HOME: home, ...env };
  const host = {
    env: whole,
    which: (program: string) => [join(bin, program)].find((path) => existsSync(path)),
    run: (argv: readonly string[], options: RunOptions = {}) => {
      expect(options.timeoutMs).toBeLessThanOrEqual(30_000);
      return runProcess(argv, { env: {}, ...options, ...(timeoutMs && { timeoutMs }) });
    },
  };
  return await askRegistries(host, selected, join(home, 'scratch'));
}

async function errorOf(asking?: Asking): Promise<BottleError> {
  const thrown = await ask(asking).then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(thrown instanceof BottleError)) throw new Error('no error of ours', { cause: thrown });
  return thrown;
}

const CARGO_COMPLAINS = `cat >&2 <<'X'
error: failed to get \`x\` as a dependency of package \`ask v0.0.0\`
Caused by:
  failed to download from \`https://crates.example/config.json\`
X
exit 101`;

const PIP = `case $1 in
  install) echo "  -i, --index-url <url>  Base URL of the index (default https://pip.example/simple). See <https://help.example>." ;;
  config) printf "global.timeout='5'\\nglobal.extra-index-url='https://one.example/simple https://two.example/simple'\\nglobal.find-links='https://no.example'\\n" ;;
esac`;

const APT = `cat <<'X'
'http://a.example/debian/dists/x/InRelease' a.example_dists 0
'http://a.example/debian/dists/x/main/Packages.xz' a.example_dists 0
'https://b.example/dists/x/InRelease' b.example_dists 0
'cdrom:[Disc]/dists/x/InRelease' Disc_dists 0
X`;

type Case = [preset: string, program: string, script: string, found: string[]];

test.each<Case>([
  ['npm', 'npm', 'echo https://npm.example/', ['npm.example:443']],
  ['npm', 'npm', 'echo HTTP://NPM.Example:4873/path/', ['npm.example:4873']],
  ['npm', 'npm', 'echo https://user:p%40ss@npm.example/', ['npm.example:443']],
  [
    'npm',
    'npm',
    'echo "npm warn: see https://help.example" >&2; echo http://npm.example',
    ['npm.example:80'],
  ],
  ['pypi', 'pip', PIP, ['pip.example:443', 'one.example:443', 'two.example:443']],
  ['pypi', 'pip3', PIP, ['pip.example:443', 'one.example:443', 'two.example:443']],
  ['crates', 'cargo', CARGO_COMPLAINS, ['crates.example:443']],
  [
    'crates',
    'cargo',
    'echo "fatal: failed to fetch \\`http://git.example:3000/index\\`" >&2; exit 1',
    ['git.example:3000'],
  ],
  [
    'go',
    'go',
    'echo "https://a.example,http://b.example|https://c.example:8443/go,direct"',
    ['a.example:443', 'b.example:80', 'c.example:8443'],
  ],
  ['debian', 'apt-get', APT, ['a.example:80', 'b.example:443']],
])('%s as %s tells', async (preset, program, script, found) => {
  await install(program, script);
  const registries = await ask({ presets: preset });
  expect(registries.map(({ host, port }) => `${host}:${port}`)).toEqual(found);
  for (const registry of registries) expect(registry.preset).toBe(preset);
});

test('a file of mirrors is read in the place of an address', async () => {
  const list = join(home, 'mirrors.txt');
  await writeFile(list, 'http://one.example/ubuntu\tpriority:1\nhttps://two.example/ubuntu\n');
  const uris = ['a', 'b'].map((suite) => `'mirror+file:${list}/dists/${suite}/InRelease' x 0`);
  await install('apt-get', `cat <<'X'\n${uris.join('\n')}\nX`);
  const registries = await ask({ presets: 'debian' });
  expect(registries.map(({ host }) => host)).toEqual(['one.example', 'two.example']);
});

describe('an answer that opens nothing', () => {
  test.each([
    ['nothing', 'true'],
    ['undefined', 'echo undefined'],
    ['a file', 'echo file:///srv/packages'],
    ['an IPv4 address', 'echo http://10.0.0.7:4873/'],
    ['an address in disguise', 'echo http://0x7f.1/'],
    ['an IPv6 address', 'echo "http://[::1]:4873/"'],
    ['half an address', 'echo https://'],
    ['bytes', 'head -c 100000 /dev/urandom'],
    ['a complaint alone', 'echo https://npm.example >&2; exit 1'],
  ])('%s', async (_, script) => {
    await install('npm', script);
    const error = await errorOf();
    expect(error.outcome).toBe('config-invalid');
    expect(error.what).toBe(
      'Nobody tells which hosts the preset "npm" is: "npm config get registry --global" named no host',
    );
    expect(error.where).toBe(`egress.presets, ${DEV}:3`);
    expect(error.fix).toContain('"egress.routes"');
  });

  test('a client that is not there', async () => {
    const error = await errorOf({ presets: 'pypi' });
    expect(error.what).toBe(
      'Nobody tells which hosts the preset "pypi" is: this runner has no pip',
    );
  });

  test('a client that does not end', async () => {
    await install('npm', 'echo; exec sleep 600');
    expect((await errorOf({ timeoutMs: 200 })).what).toContain('named no host');
  });

  test('a password in it is not repeated', async () => {
    await install('npm', 'echo ftp://user:S3CRET@npm.example');
    expect((await errorOf()).message).not.toContain('S3CRET');
  });
});

test('only what a preset names is asked', async () => {
  await install('npm', `touch ${'$HOME'}/asked`);
  expect(await ask({ presets: 'github, anthropic' })).toEqual([]);
  expect(existsSync(join(home, 'asked'))).toBe(false);
});

test('a client is asked with the runner’s own settings, in a directory of ours', async () => {
  await install('npm', `[ "$PWD" = "$HOME/scratch/ask-npm" ] && echo "https://$WHERE"`);
  const [registry] = await ask({ env: { WHERE: 'corp.example' } });
  expect(registry?.host).toBe('corp.example');
});

describe('the real', () => {
  /** Makes this machine's own program the one that is asked, wherever it is. */
  async function useReal(program: string): Promise<string> {
    const folders = (process.env.PATH ?? '').split(':');
    const path = folders.map((folder) => join(folder, program)).find((file) => existsSync(file));
    if (path !== undefined) await install(program, `exec ${path} "$@"`);
    return path === undefined ? `needs ${program} on PATH` : '';
  }

  const PATH = `${process.env.PATH}`;

  test('npm hears the user, and no project around it', async ({ skip }) => {
    const missing = await useReal('npm');
    skip(missing !== '', missing);
    const config = join(home, 'user.npmrc');
    await writeFile(config, 'registry=https://user.example:8443/npm/\n');
    await writeFile(join(home, 'package.json'), '{"workspaces": ["scratch/*"]}');
    await writeFile(join(home, '.npmrc'), 'registry=https://evil.example/\n');
    const env = { PATH, npm_config_userconfig: config };
    expect(await ask({ env })).toEqual([{ preset: 'npm', host: 'user.example', port: 8443 }]);
  });

  test('pip tells its index and what it looks at besides', async ({ skip }) => {
    const missing = await useReal('pip');
    skip(missing !== '', missing);
    const env = {
      PATH,
      PIP_CONFIG_FILE: '/dev/null',
      PIP_INDEX_URL: 'https://user:secret@index.example/simple',
      PIP_EXTRA_INDEX_URL: 'https://one.example/simple https://two.example/simple',
    };
    const hosts = (await ask({ presets: 'pypi', env })).map(({ host }) => host);
    expect(hosts).toEqual(['index.example', 'one.example', 'two.example']);
  });

  test('cargo complains about the index that it is configured to use', async ({ skip }) => {
    const missing = await useReal('cargo');
    skip(missing !== '', missing);
    const source = '[source.crates-io]\nreplace-with = "corp"\n[source.corp]\n';
    const registry = 'registry = "sparse+https://crates.example:8443/index/"\n';
    await writeFile(join(home, 'config.toml'), source + registry);
    const rustup = process.env.RUSTUP_HOME ?? join(homedir(), '.rustup');
    const env = { PATH, CARGO_HOME: home, RUSTUP_HOME: rustup };
    expect(await ask({ presets: 'crates', env })).toEqual([
      { preset: 'crates', host: 'crates.example', port: 8443 },
    ]);
  });

  test('go tells its proxies', async ({ skip }) => {
    const missing = await useReal('go');
    skip(missing !== '', missing);
    const env = { PATH, GOPROXY: 'https://one.example/go|http://two.example:3000,direct' };
    const registries = await ask({ presets: 'go', env });
    expect(registries.map(({ host, port }) => [host, port])).toEqual([
      ['one.example', 443],
      ['two.example', 3000],
    ]);
  });

  test('apt-get tells the sites of its sources', async ({ skip }) => {
    const missing = await useReal('apt-get');
    skip(missing !== '', missing);
    const sources = join(home, 'sources.list');
    await writeFile(sources, 'deb [trusted=yes] http://apt.example:3142/debian stable main\n');
    const configuration = join(home, 'apt.conf');
    const parts = 'Dir::Etc::sourceparts "/nonexistent";';
    await writeFile(configuration, `Dir::Etc::sourcelist "${sources}"; ${parts}\n`);
    const [registry] = await ask({ presets: 'debian', env: { APT_CONFIG: configuration } });
    expect(registry).toEqual({ preset: 'debian', host: 'apt.example', port: 3142 });
  });
});
