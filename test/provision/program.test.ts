/** Whether the guest has the agent's program is known before it is run, and in which version. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { ProgramPlan } from '../../src/plan/plan.ts';
import { provision } from '../../src/provision/provision.ts';
import { makeScene } from './scene.ts';

const IMAGE: ProgramPlan = { kind: 'image', binary: 'some-agent', tellsVersion: false };

/** A guest with `script` as its program; undefined: it has none. */
function guest(script: string | undefined) {
  const bin = mkdtempSync(join(tmpdir(), 'guest-bin-'));
  onTestFinished(() => rmSync(bin, { recursive: true }));
  mkdirSync(bin, { recursive: true });
  if (script !== undefined) {
    writeFileSync(join(bin, 'some-agent'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  }
  const scene = makeScene({ guestPath: `${bin}:${process.env.PATH}` });
  return async (program: ProgramPlan) => {
    const { agent, ...rest } = scene.plan();
    const plan = { ...rest, agent: { ...agent, program: { value: program, source: 'dev.md:4' } } };
    const { host, machine, scratch } = scene;
    const given = await provision(host, machine, plan, { scratch, certificate: '' });
    return { version: given.programVersion, executed: machine.executed };
  };
}

test.each([
  ['some-agent 2.1.329 (build 7)', '2.1.329'],
  ['0.61.0-preview.1', '0.61.0-preview.1'],
  ['no version at all', ''],
])('one that says %j is version %j', async (said, version) => {
  expect(await guest(`echo '${said}'`)(IMAGE)).toMatchObject({ version });
});

test('one that fails when it is asked may still run', async () => {
  expect(await guest('exit 3')(IMAGE)).toMatchObject({ version: '' });
});

test('one that tells it by itself is not started for that', async () => {
  const { version } = await guest('echo 1.2.3')({ ...IMAGE, tellsVersion: true });
  expect(version).toBe('');
});

test('none is an error that names both ways to have one', async () => {
  await expect(guest(undefined)(IMAGE)).rejects.toMatchObject({
    outcome: 'agent-failed',
    reason: 'not-found',
    what: expect.stringContaining('some-agent'),
    fix: expect.stringMatching(/"version".*image/),
  });
});

test('nothing is looked for where there is nothing to find', async () => {
  const npm = { kind: 'npm', npm: 'a', version: '1.2.3', file: 'a', to: '/opt/a' } as const;
  const found = await guest(undefined)(npm);
  expect(found.version).toBe('1.2.3');
  expect(found.executed).toHaveLength(1);
  expect(await guest(undefined)({ kind: 'command' })).toMatchObject({ version: '' });
});
