import { describe, expect, test } from 'vitest';
import { createStepLog } from './step-log.ts';

function logOf(stdout: string, stderr = '') {
  const log = createStepLog();
  const sinks = log.openStage('main');
  sinks.stdout.write(Buffer.from(stdout));
  sinks.stderr.write(Buffer.from(stderr));
  sinks.stdout.end();
  sinks.stderr.end();
  return log;
}

describe('a step log', () => {
  test('turns commands of both streams into annotations, groups and masks', () => {
    const log = logOf(
      '::group::Setup\n::add-mask::hush\nsay hush\n::endgroup::\n',
      '::warning file=a.ts,line=2::careful hush\n',
    );
    expect(log.lines).toEqual([
      '##[group]Setup',
      'say ***',
      '##[endgroup]',
      '##[warning]careful ***',
    ]);
    expect(log.annotations).toEqual([
      {
        level: 'warning',
        message: 'careful ***',
        properties: { file: 'a.ts', line: '2' },
        stage: 'main',
      },
    ]);
    expect(log.rawLines).toContain('say hush');
  });

  test('takes nothing for a command until the token comes', () => {
    const log = logOf(
      '::stop-commands::T0ken-T0ken\n::error::a\n##[error]b\n::stop-commands::x\n',
      '::error::c\n::t0ken-t0ken::\n::error::d\n',
    );
    expect(log.annotations.map(({ message }) => message)).toEqual(['d']);
    expect(log.commands.map(({ name }) => name)).toEqual(['stop-commands', 'error']);
    expect(log.lines).toContain('::stop-commands::***');
  });

  test.each(['error', '', 'pause-logging'])('refuses to stop for the token %j', (token) => {
    const log = logOf(`::stop-commands::${token}\n::error::seen\n`);
    expect(log.refusals).toHaveLength(1);
    expect(log.annotations.map(({ message }) => message)).toContain('seen');
  });

  test('refuses set-env and add-path', () => {
    const log = logOf('::set-env name=A::1\nx ##[add-path]/evil\n');
    expect(log.refusals).toHaveLength(2);
  });

  test('ends lines at CR, LF and CRLF, across chunks', () => {
    const log = createStepLog();
    const { stdout, stderr } = log.openStage('main');
    for (const chunk of ['a\r', '\nb\rc\n', 'd', 'e\r']) stdout.write(Buffer.from(chunk));
    stdout.end();
    stderr.end();
    expect(log.lines).toEqual(['a', 'b', 'c', 'de']);
  });

  test('decodes characters that are cut between chunks', () => {
    const log = createStepLog();
    const { stdout } = log.openStage('main');
    const bytes = Buffer.from('grün\n');
    stdout.write(bytes.subarray(0, 3));
    stdout.write(bytes.subarray(3));
    stdout.end();
    expect(log.lines).toEqual(['grün']);
  });

  test('keeps ten annotations of a level, each cut at 4096 characters', () => {
    const log = logOf(`::error::${'x'.repeat(5000)}\n${'::error::again\n'.repeat(20)}`);
    expect(log.annotations).toHaveLength(10);
    expect(log.annotations[0]?.message).toHaveLength(4096);
    expect(log.lines).toHaveLength(21);
  });
});
