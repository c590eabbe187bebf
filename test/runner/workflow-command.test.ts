import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseCommand, REGISTERED_COMMANDS } from './workflow-command.ts';

const KNOWN = new Set<string>(REGISTERED_COMMANDS);
const parse = (line: string) => parseCommand(line, KNOWN);

describe('what the runner takes for a command', () => {
  test.each([
    ['::error::boom', 'error', {}, 'boom'],
    ['   \t::error::boom', 'error', {}, 'boom'],
    ['\u00a0\u2003::error::boom', 'error', {}, 'boom'],
    ['::ERROR file=a.ts,line=3::boom', 'ERROR', { file: 'a.ts', line: '3' }, 'boom'],
    ['::error file=a%2Cb%3Ac::x%0Ay%25', 'error', { file: 'a,b:c' }, 'x\ny%'],
    ['::error file=,line=1::x', 'error', { line: '1' }, 'x'],
    ['::group::a::b', 'group', {}, 'a::b'],
    ['##[error]boom', 'error', {}, 'boom'],
    ['text ##[error file=a;line=3]boom', 'error', { file: 'a', line: '3' }, 'boom'],
    ['##[warning]a%5Db%3Bc', 'warning', {}, 'a]b;c'],
    ['::nothing:: ##[error]x', 'error', {}, 'x'],
  ])('%j', (line, name, properties, data) => {
    expect(parse(line)).toMatchObject({ name, properties, data });
  });

  test.each([
    'text ::error::boom',
    '::error',
    ': :error::boom',
    '::unknown::x',
    '##[error',
    '##[unknown]x',
    '## [error]x',
    '[error]x',
    '',
  ])('and what it does not: %j', (line) => {
    expect(parse(line)).toBeUndefined();
  });

  test('escaped data and properties come back as they were', () => {
    const data = (text: string) =>
      text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
    const property = (text: string) => data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.string(), (title, message) => {
        fc.pre(title.trim() === title);
        const command = parse(`::error title=${property(title)}::${data(message)}`);
        expect(command).toMatchObject({ properties: { title }, data: message });
      }),
    );
  });
});
