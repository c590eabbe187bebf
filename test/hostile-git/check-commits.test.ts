import { execFileSync } from 'node:child_process';
import { createReadStream, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { takeBundle } from '../../src/git-check/bundle.ts';
import { checkCommits } from '../../src/git-check/check-commits.ts';
import { makeGitRunner } from '../../src/git-check/git-runner.ts';
import { spawnProcess } from '../../src/host/process.ts';
import { PATH, PROGRAM } from '../git-check/repository.ts';
import { HOSTILE_CASES } from './hostile-case.ts';
import { judgeAll } from './judge-all.ts';
import type { Judge } from './world.ts';

test('there are at least 60 cases, each with a name of its own', () => {
  const names = Object.values(HOSTILE_CASES).flatMap((cases) => cases.map(({ name }) => name));
  expect(names.length).toBeGreaterThanOrEqual(60);
  expect(new Set(names).size).toBe(names.length);
});

const judge: Judge = async ({ bundle, base, objects, policy, scratch, spoil }) => {
  const directory = join(scratch, 'bare.git');
  mkdirSync(directory);
  execFileSync(PROGRAM, ['init', '-q', '--bare', '--template=', directory], { env: { PATH } });
  mkdirSync(join(directory, 'objects/info'), { recursive: true });
  writeFileSync(join(directory, 'objects/info/alternates'), `${objects}\n`);
  spoil(directory);
  const git = makeGitRunner({
    ...{ spawn: spawnProcess, program: PROGRAM, directory, path: PATH, timeoutMs: 15_000 },
  });
  const limits = { maxBytes: 2 ** 28, maxRefs: 100 };
  const { refs, findings } = await takeBundle(git, createReadStream(bundle), limits);
  if (findings.length > 0) return findings;
  return checkCommits(git, { base, tips: refs.map(({ id }) => id), policy });
};

judgeAll(judge);
