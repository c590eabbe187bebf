import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BottleError } from '../../src/errors.ts';
import { isRegistryReference, parseSmolfile } from '../../src/image/smolfile.ts';

const FILE = '.bot-bottle/images/dev.smolfile';
const HARMLESS = `
image = "ghcr.io/acme/dev:1@sha256:${'a'.repeat(64)}"
entrypoint = ["/bin/sh"]
cmd = ["-c", "true"]
env = ["A=b", "EMPTY="]
workdir = "/workspace"
user = "node"
cpus = 2
memory = 2048
storage = 10
overlay = 10
`;

function refusal(text: string): BottleError {
  try {
    parseSmolfile(FILE, text);
  } catch (error) {
    if (error instanceof BottleError) return error;
    throw error;
  }
  throw new Error('it was accepted');
}

test('what grants nothing is accepted', () => {
  expect(parseSmolfile(FILE, HARMLESS).image).toContain('ghcr.io/acme/dev');
});

describe('what grants something on the runner is refused, with its line', () => {
  test.each([
    ['net', 'net = true'],
    ['gpu', 'gpu = true'],
    ['gpu_vram', 'gpu_vram = 1'],
    ['docker_socket', 'docker_socket = true'],
    ['volumes', 'volumes = ["/:/host"]'],
    ['ports', 'ports = ["80:80"]'],
    ['init', 'init = ["true"]'],
    ['network', '[network]\nallow_hosts = ["example.com"]'],
    ['dev', '[dev]\nvolumes = [".:/workspace"]'],
    ['dev', 'dev.init = ["true"]'],
    ['dev', '[[dev.volumes]]\nx = 1'],
    ['auth', '[auth]\nssh_agent = true'],
    ['secrets', '[secrets]\nX = { from_env = "TOKEN" }'],
    ['secrets', '[ "secrets" . X ]\nfrom_env = "TOKEN"'],
    ['health', '[health]\nexec = ["true"]'],
    ['artifact', '[artifact]\ncpus = 2'],
    ['ssh_agent', '"ssh_agent" = true'],
    ['anything', 'anything = 1'],
    ['__proto__', '__proto__ = 1'],
  ])('%s in %o', (key, text) => {
    const { outcome, problems } = refusal(`${HARMLESS}${text}\n`);
    expect(outcome).toBe('config-invalid');
    expect(problems).toEqual([
      {
        message: `the key "${key}" is not accepted`,
        file: FILE,
        line: HARMLESS.split('\n').length,
      },
    ]);
  });

  test('all at once', () => {
    const { problems, where } = refusal(`net = true\n${HARMLESS}[secrets]\nX = 1\n[auth]\n`);
    expect(problems.map(({ line }) => line)).toEqual([1, 13, 15]);
    expect(where).toContain(`${FILE}:13: `);
  });

  test.each([
    ['a file', 'image = "/etc/image.tar"'],
    ['a relative file', 'image = "./image"'],
    ['stdin', 'image = "-"'],
    ['an archive', 'image = "image.tar"'],
    ['a compressed archive', 'image = "image.tgz"'],
    ['an option', 'image = "--from-vm"'],
    ['a number', 'image = 1'],
    ['none', 'cpus = 1'],
  ])('%s as the image', (_what, text) => {
    expect(refusal(text).problems[0]?.message).toContain('image must name');
  });

  test.each([
    'env = ["TOKEN"]',
    'env = ["A=b", "TOKEN"]',
    'env = "A=b"',
    'env = [1]',
    'env = ["=x"]',
  ])('the runner’s own values: %s', (text) => {
    expect(refusal(`image = "a"\n${text}\n`).problems).toEqual([
      { message: expect.stringContaining('NAME=value'), file: FILE, line: 2 },
    ]);
  });
});

test.each([
  ['no value', 'image =\n', 1],
  ['a key that stands twice', 'image = "a"\nimage = "b"\n', 2],
  ['no TOML', 'FROM node\n', 1],
])('%s is said with its line', (_what, text, line) => {
  const { outcome, problems, where } = refusal(text);
  expect(outcome).toBe('config-invalid');
  expect(problems[0]?.line).toBe(line);
  expect(where).toMatch(/^\.bot-bottle\/images\/dev\.smolfile:\d+:\d+: /);
  expect(where).not.toContain('\n');
});

test('a very large file is refused unread', () => {
  expect(refusal(`image = "a"\n#${'x'.repeat(70_000)}`).where).toContain('over 65536 bytes');
});

test('any text gives a reference or an error', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(refusal(text)).toBeInstanceOf(BottleError);
    }),
  );
});

test.each([
  ['node', true],
  ['node:24-bookworm', true],
  ['ghcr.io/acme/dev', true],
  ['localhost:5000/dev:1', true],
  [`node@sha256:${'0'.repeat(64)}`, true],
  ['', false],
  ['-', false],
  ['-s', false],
  ['/root', false],
  ['../x', false],
  ['a b', false],
  ['a\n', false],
  ['x.tar.gz', false],
  ['node@sha256:1', false],
])('is %o a reference? %o', (text, expected) => {
  expect(isRegistryReference(text)).toBe(expected);
});
