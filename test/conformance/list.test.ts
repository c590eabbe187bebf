/** Statements 56 to 58: machine ls and status. */
import { afterAll, expect } from 'vitest';
import { expectOk, openSmolvm } from './smolvm.ts';
import { statement } from './statement.ts';

const smolvm = openSmolvm();
afterAll(smolvm.close);

const { machine } = smolvm;

statement(56, 'ls --json of nothing is an empty array', [], async () => {
  const { stdout } = await expectOk(machine('ls', '--json'));
  expect(stdout.trim()).toBe('[]');
});

statement(57, 'status --json is the element of ls --json', [], async () => {
  await expectOk(machine('create', '--name', 'a57', '--label', 'k=v'));
  const { stdout } = await expectOk(machine('status', '--name', 'a57', '--json'));
  expect(JSON.parse(stdout)).toEqual(await smolvm.find('a57'));
  expect((await machine('status', '--name', 'missing')).exitCode).toBe(1);
});

statement(58, 'a silent machine is unreachable, and a start recovers it', ['machine'], async () => {
  await smolvm.boot('a58');
  process.kill((await smolvm.find('a58'))?.pid ?? 0, 'SIGSTOP');
  expect(await smolvm.find('a58')).toMatchObject({ state: 'unreachable' });
  await expectOk(machine('start', '--name', 'a58'));
  expect(await smolvm.find('a58')).toMatchObject({ state: 'running' });
  await expectOk(smolvm.exec('a58', '--', 'true'));
});
