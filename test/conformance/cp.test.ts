/** Statements 53 to 55: machine cp. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect } from 'vitest';
import { expectOk, expectRefusal, openSmolvm } from './smolvm.ts';
import { canRun, statement } from './statement.ts';

const smolvm = openSmolvm();
beforeAll(async () => {
  if (canRun('machine')) await smolvm.boot('a');
});
afterAll(smolvm.close);

const cp = (...words: string[]) => smolvm.machine('cp', ...words);
const sh = async (script: string) => (await smolvm.exec('a', '--', 'sh', '-c', script)).stdout;

statement(53, 'an upload makes parents and belongs to root', ['machine'], async () => {
  writeFileSync(join(smolvm.root, 'f'), 'content\0\xff', 'latin1');
  await expectOk(cp('f', 'a:/root/d/e/f'));
  await expectOk(cp('a:/root/d/e/f', './back'));
  expect(await sh('stat -c %u:%g /root/d/e/f; wc -c </root/d/e/f')).toBe('0:0\n9\n');
  await expectOk(cp('--mode', '600', 'f', 'a:/root/d/e/g'));
  expect(await sh('stat -c %a /root/d/e/g')).toBe('600\n');
});

statement(
  54,
  'cp takes one regular file, one machine and upload options for uploads',
  ['machine'],
  async () => {
    mkdirSync(join(smolvm.root, 'dir'));
    writeFileSync(join(smolvm.root, 'x'), '');
    expect((await cp('dir', 'a:/x')).exitCode).toBe(1);
    expect((await cp('a:/missing', './x')).exitCode).toBe(1);
    await expectRefusal(cp('x', 'y'), 'one of SRC or DST must use machine:path syntax');
    await expectRefusal(cp('--mode', '1', 'a:/f', './f'), 'apply to uploads only');
  },
);

statement(55, 'an interrupted upload leaves the old file or the new one', ['machine'], async () => {
  const size = 64 * 1024 * 1024;
  writeFileSync(join(smolvm.root, 'large'), Buffer.alloc(size));
  writeFileSync(join(smolvm.root, 'old'), 'old');
  for (const ms of [0, 60, 90, 120, 160]) {
    await expectOk(cp('old', 'a:/root/target'));
    const running = await smolvm.start(['machine', 'cp', 'large', 'a:/root/target'], {
      cwd: smolvm.root,
    });
    await Promise.race([delay(ms), running.exit]);
    running.kill();
    await running.exit;
    expect(['3\n', `${size}\n`]).toContain(await sh('wc -c </root/target'));
  }
});
