/**
 * What the runner makes of the log: our own commands, each as meant, and nothing from the guest.
 */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { createLog, type LogSink } from '../../src/host/log.ts';
import { runStep } from './runner-model.ts';

/** A sink without commands: it keeps what is printed. */
function sink() {
  const writes: string[] = [];
  const print = (message: string) => writes.push(`${message}\n`);
  const core: LogSink = {
    info: print,
    debug: (message) => print(`::debug::${message}`),
    notice: (message) => print(`::notice::${message}`),
    warning: (message) => print(`::warning::${message}`),
    error: (message) => print(`::error::${message}`),
    startGroup: (title) => print(`::group::${title}`),
    endGroup: () => print('::endgroup::'),
    write: (text) => writes.push(text),
  };
  return { core, writes, text: () => writes.join('') };
}

test('on the real toolkit, own commands work and hostile text is only text', () => {
  const script = fileURLToPath(new URL('print-log.ts', import.meta.url));
  const stdout = execFileSync(process.execPath, [script], { encoding: 'utf8' });
  const { commands, printed } = runStep(stdout);
  expect(commands.map(({ name }) => name)).toEqual([
    'debug',
    'notice',
    'group',
    'add-mask',
    'warning',
    'error',
    'endgroup',
  ]);
  const defused = [
    'file',
    ': :error::forged',
    '## [add-mask]a',
    ': :set-env name=A::b␛]0;',
    '%0A::warning::x',
  ];
  const data = new Map(commands.map((command) => [command.name, command.data]));
  expect(data.get('debug')).toBe(defused.join('\n'));
  expect(data.get('group')).toBe(defused.join(' '));
  expect(data.get('add-mask')).toBe('own secret');
  const source = `agent : :error::${defused.join(' ')} | `;
  expect(printed.filter((line) => line !== '')).toEqual([
    ...defused,
    `${source}working`,
    `${source}: :add-mask::a`,
    `${source}: :stop-commands::x`,
    `${source}## [group]forged`,
    `${source}: :x::`,
    'an own line',
    'gateway | : :error::forged',
    `${source}half a line`,
    `${source}: :endgroup::`,
  ]);
});

describe('guest output', () => {
  test('stands between stop-commands and its token, which is new and random each time', () => {
    const { core, text } = sink();
    const log = createLog(core);
    for (let round = 0; round < 2; round++) log.openGuestLog('agent').end();
    const tokens = [...text().matchAll(/^::stop-commands::([0-9a-f]{32})\n\n::\1::$/gm)];
    expect(new Set(tokens.map(([, token]) => token)).size).toBe(2);
  });

  test('a line comes as soon as it is whole, the last one at the end', () => {
    const { core, writes } = sink();
    const guest = createLog(core).openGuestLog('agent');
    guest.write(Buffer.from('one\ntw'));
    expect(writes.at(-1)).toBe('agent | one\n');
    guest.write(Buffer.from('o\r'));
    expect(writes.at(-1)).toBe('agent | two\n');
    guest.write(Buffer.from('\nthree'));
    guest.end();
    expect(writes.at(-2)).toBe('agent | three\n');
  });

  test('an endless line is printed in pieces, whole and within bounds', () => {
    const { core, writes, text } = sink();
    const guest = createLog(core).openGuestLog('a');
    const chunk = Buffer.alloc(1 << 20, 'ab');
    for (let round = 0; round < 8; round++) guest.write(chunk);
    guest.end();
    expect(text().replaceAll(/[^ab]|a \| /g, '').length).toBeGreaterThanOrEqual(8 << 20);
    expect(Math.max(...writes.map((write) => write.length))).toBeLessThan(128 << 10);
  });

  test('a chunk of line breaks is printed in bounded batches', () => {
    const { core, writes } = sink();
    createLog(core)
      .openGuestLog('agent')
      .write(Buffer.alloc(1 << 20, '\n'));
    expect(Math.max(...writes.map((write) => write.length))).toBeLessThan(128 << 10);
  });

  test('commands stay stopped when an own command throws', () => {
    const { core, text } = sink();
    const log = createLog(core);
    const guest = log.openGuestLog('agent');
    expect(() =>
      log.withCommands(() => {
        throw new Error('broken pipe');
      }),
    ).toThrow('broken pipe');
    guest.write(Buffer.from('x\n'));
    expect(runStep(text()).commands.map(({ name }) => name)).toEqual(['still-stopped']);
  });
});
