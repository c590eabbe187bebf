/** Statements 1 to 6: the program and its surroundings. */
import { cpSync, existsSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, expect } from 'vitest';
import { runProcess } from '../../src/host/process.ts';
import { binary, openSmolvm } from './smolvm.ts';
import { statement } from './statement.ts';

const smolvm = openSmolvm();
afterAll(smolvm.close);

const release = dirname(binary);
const inRelease = existsSync(join(release, 'smolvm-bin'));
const unpacked = 'SMOLVM_BIN is not the wrapper of an unpacked release';

statement(1, '--version', [], async () => {
  const { exitCode, stdout, stderr } = await smolvm.run(['--version']);
  expect(stdout).toMatch(/^smolvm \d+\.\d+\.\d+\n$/);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
});

statement(2, 'an unknown subcommand is a usage error', [], async () => {
  const { exitCode, stderr } = await smolvm.machine('bogus');
  expect(stderr).toMatch(/^error:/);
  expect(exitCode).toBe(2);
});

statement(3, 'an unknown option is a usage error, and nothing is created', [], async () => {
  expect((await smolvm.machine('create', '--nope')).exitCode).toBe(2);
  expect(await smolvm.list()).toEqual([]);
});

statement(4, 'the wrapper without lib/ says so', ['linux'], async (context) => {
  if (!inRelease) return context.skip(unpacked);
  const broken = join(smolvm.root, 'broken');
  mkdirSync(broken);
  for (const name of ['smolvm', 'smolvm-bin']) cpSync(join(release, name), join(broken, name));
  const { exitCode, stderr } = await runProcess([join(broken, 'smolvm'), '--version'], {
    env: smolvm.environment,
  });
  expect(stderr).toContain('Error: library directory not found at');
  expect(exitCode).toBe(1);
});

statement(
  5,
  'the wrapper behind a symlink finds its directory and keeps exit codes',
  [],
  async (context) => {
    if (!inRelease) return context.skip(unpacked);
    const link = join(smolvm.root, 'link');
    symlinkSync(binary, link);
    const run = (argv: string[]) => runProcess([link, ...argv], { env: smolvm.environment });
    expect((await run(['--version'])).exitCode).toBe(0);
    expect((await run(['machine', 'bogus'])).exitCode).toBe(2);
  },
);

statement(6, 'SMOLVM_DATA_DIR takes all state, HOME none', ['linux'], async () => {
  const home = join(smolvm.root, 'home');
  const data = join(smolvm.root, 'data');
  mkdirSync(home);
  const { stdout } = await smolvm.run(['machine', 'ls', '--json'], {
    env: { HOME: home, SMOLVM_DATA_DIR: data },
  });
  expect(JSON.parse(stdout)).toEqual([]);
  expect(readdirSync(join(data, '.local/share/smolvm/server'))).toContain('smolvm.db');
  expect(readdirSync(home)).toEqual([]);
});
