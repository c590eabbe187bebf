import { describe, expect, test } from 'vitest';
import { type Author, BASE_FILES, findingsOf } from './repository.ts';

/** Made here, so that this file holds none. */
const TOKEN = `ghp_${'a1B2c3D4e5F6g7H8i9J0'.repeat(2).slice(0, 36)}`;
const KNOWN = 'correct-horse-battery-staple-9';
const secrets = [{ name: 'DEPLOY', value: KNOWN }];
const seen = async (...args: Parameters<typeof findingsOf>) =>
  (await findingsOf(...args)).map(({ rule, path, line }) => `${rule} ${path}:${line}`);

describe('a secret is found', () => {
  type Case = (author: Author, secret: string) => string | string[];
  const cases: Record<string, [build: Case, where: string]> = {
    'in the tip': [({ save }, s) => save({ ...BASE_FILES, a: `x\ny ${s}\n` }), 'a:2'],
    'in a commit in the middle, and gone in the next': [
      ({ save }, s) => save(BASE_FILES, { parents: [save({ ...BASE_FILES, a: `${s}\n` })] }),
      'a:1',
    ],
    'in a version of a file that is then changed': [
      ({ save }, s) =>
        save(
          { ...BASE_FILES, 'README.md': 'Bye\n' },
          { parents: [save({ ...BASE_FILES, 'README.md': `Hello\n\n${s}\n` })] },
        ),
      'README.md:3',
    ],
    'in what a merge alone adds': [
      ({ save }, s) => {
        const [one, two] = [save({ ...BASE_FILES, a: 'a\n' }), save({ ...BASE_FILES, b: 'b\n' })];
        return save({ ...BASE_FILES, a: `a\n${s}\n`, b: 'b\n' }, { parents: [one, two] });
      },
      'a:2',
    ],
    'in a file that a merge alone has': [
      ({ save }, s) => {
        const [one, two] = [save({ ...BASE_FILES, a: 'a\n' }), save({ ...BASE_FILES, b: 'b\n' })];
        return save({ ...BASE_FILES, a: 'a\n', b: 'b\n', c: s }, { parents: [one, two] });
      },
      'c:1',
    ],
    'in a file that is also renamed': [
      ({ save }, s) => {
        const { 'README.md': _, ...rest } = BASE_FILES;
        return save({ ...rest, 'moved.md': `Hello\n${s}\n` });
      },
      'moved.md:2',
    ],
    'in a binary file': [
      ({ save }, s) =>
        save({ ...BASE_FILES, 'a.bin': Buffer.from(`\0\x01\xff\n\0${s}\0`, 'latin1') }),
      'a.bin:2',
    ],
    'in the message': [({ save }, s) => save(BASE_FILES, { message: `Change\n\n${s}` }), ':3'],
    'in the name of the author': [
      ({ save }, s) => save(BASE_FILES, { author: `${s} <a@b.test> 1700000000 +0000` }),
      ':0',
    ],
    'in the address of the committer': [
      ({ save }, s) => save(BASE_FILES, { committer: `A <${s}@b.test> 1700000000 +0000` }),
      ':0',
    ],
    'in a tag': [({ save, tag }, s) => tag(save(BASE_FILES), 'commit', 'v1', `One\n${s}`), ':2'],
    'in a note': [
      ({ save, commit, files, base }, s) => [
        save(BASE_FILES),
        commit({ tree: files({ [base]: s }), parents: [base] }),
      ],
      'BASE:1',
    ],
    'in the target of a link': [
      ({ save }, s) => save({ ...BASE_FILES, l: { link: `x-${s}` } }),
      'l:1',
    ],
    'behind a comment that tells a scanner to look away': [
      ({ save }, s) =>
        save({ ...BASE_FILES, a: `// secretlint-disable\n${s} // secretlint-disable-line\n` }),
      'a:2',
    ],
    'in a file that git is told not to compare': [
      ({ save }, s) => save({ ...BASE_FILES, '.gitattributes': '* -diff\n', a: `${s}\n` }),
      'a:1',
    ],
  };
  test.each(Object.entries(cases))('%s', async (_, [build, where]) => {
    for (const secret of [TOKEN, KNOWN]) {
      const findings = await findingsOf((author) => build(author, secret), { secrets });
      const [found] = findings.filter(({ rule }) => rule === 'secret');
      const path = found?.path.replace(/^[0-9a-f]{40}$/, 'BASE');
      expect(`${path}:${found?.line}`).toBe(where);
      expect(found?.action).toBe('block');
      expect(JSON.stringify(findings)).not.toContain(secret);
    }
  });

  test('in the name of a file, which no finding shows', async () => {
    const path = `.github/${TOKEN}/${KNOWN}.yml`;
    const findings = await findingsOf(({ save }) => save({ ...BASE_FILES, [path]: 'a\n' }), {
      secrets,
    });
    expect(findings.map(({ rule }) => rule)).toEqual(['secret', 'secret', 'protected-path']);
    expect(JSON.stringify(findings)).not.toContain(TOKEN);
    expect(JSON.stringify(findings)).not.toContain(KNOWN);
  });

  test.each([
    ['base64', Buffer.from(`user:${KNOWN}`).toString('base64')],
    ['hexadecimal', Buffer.from(KNOWN).toString('hex')],
    ['reversed', [...KNOWN].reverse().join('')],
  ])('as %s', async (_, text) => {
    const found = await seen(({ save }) => save({ ...BASE_FILES, a: text }), { secrets });
    expect(found).toEqual(['secret a:1']);
  });
});

describe('a secret that was there before is not found', () => {
  const old = { ...BASE_FILES, 'test/key.txt': `one\n${TOKEN}\n` };
  test.each<[string, (author: Author) => string]>([
    ['where a line is added', ({ save }) => save({ ...old, 'test/key.txt': `0\none\n${TOKEN}\n` })],
    [
      'where the file is renamed',
      ({ save }) => save({ ...BASE_FILES, 'key.txt': `one\n${TOKEN}\n` }),
    ],
    [
      'where the file is renamed and changed',
      ({ save }) => save({ ...BASE_FILES, 'key.txt': `zero\n${TOKEN}\n` }),
    ],
    ['where it is taken out', ({ save }) => save(BASE_FILES)],
  ])('%s', async (_, build) => {
    expect(await findingsOf(build, {}, old)).toEqual([]);
  });
});
