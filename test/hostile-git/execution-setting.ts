/** Settings that make git run a program: in the checkout, and even in the repository that we made. */
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HostileCase, World } from './case.ts';

type Setting = readonly [name: string, value: (trap: string) => string, proof?: readonly string[]];

const COMMIT = ['commit', '--allow-empty', '-m', 'x'];
const program = (trap: string) => trap;

const SETTINGS: readonly Setting[] = [
  ['core.fsmonitor', program, ['status']],
  ['core.sshCommand', program, ['fetch', 'ssh://somewhere.test/x']],
  ['core.pager', program],
  ['core.editor', program, ['commit', '--allow-empty']],
  ['core.gitProxy', program, ['fetch', 'git://somewhere.test/x']],
  ['core.askPass', program],
  ['core.alternateRefsCommand', program],
  ['core.attributesFile', program],
  ['alias.rev-list', (trap) => `!${trap}`],
  ['alias.cat-file', (trap) => `!${trap}`],
  ['alias.index-pack', (trap) => `!${trap}`],
  ['diff.external', program, ['diff', 'HEAD', '4b825dc642cb6eb9a060e54bf8d69288fbee4904']],
  ['gpg.program', program, ['commit', '-S', '--allow-empty', '-m', 'x']],
  ['credential.helper', (trap) => `!${trap}`, ['credential', 'fill']],
  ['uploadpack.packObjectsHook', program],
  ['receive.procReceiveRefs', () => 'refs'],
  ['sequence.editor', program],
  ['interactive.diffFilter', program],
  ['trailer.sign.command', program, ['interpret-trailers', '--trailer', 'sign=x']],
  ['protocol.ext.allow', () => 'always'],
  ['remote.origin.vcs', () => 'ext'],
  ['remote.origin.uploadpack', program],
  ['extensions.partialClone', () => 'origin'],
  ['init.templateDir', program],
  ['core.hooksPath', (trap) => join(trap, '..', 'hooks')],
  ['submodule.recurse', () => 'true'],
  ['fetch.bundleURI', (trap) => `file://${trap}`],
  ['bundle.evil.uri', (trap) => `file://${trap}`],
];

function fromSetting([name, value, proof]: Setting): HostileCase {
  const [, section = '', key = ''] = /^(.*)\.([^.]+)$/.exec(name) ?? [];
  const dot = section.indexOf('.');
  const head = dot < 0 ? section : `${section.slice(0, dot)} "${section.slice(dot + 1)}"`;
  return {
    name: `the setting ${name}`,
    rules: [],
    config: ({ trap }) => `[${head}]\n\t${key} = ${JSON.stringify(value(trap))}\n`,
    ...(proof ? { proof } : {}),
  };
}

/** A driver needs a setting and an attribute; the guest brings the attribute. */
const driver = (
  attribute: string,
  kind: string,
  setting: (trap: string) => string,
): HostileCase => ({
  name: `a driver by ${attribute}, its ${kind} set already`,
  rules: ['gitattributes'],
  config: ({ trap }) => setting(trap),
  deliver: ({ save }) => save({ '.gitattributes': `* ${attribute}\n`, 'README.md': 'Bye\n' }),
});

function writeAttributes(git: string): void {
  mkdirSync(join(git, 'info'), { recursive: true });
  writeFileSync(join(git, 'info/attributes'), '* diff=evil filter=evil\n');
}

const fromFile = (name: string, write: (world: World, git: string) => void): HostileCase => ({
  name,
  rules: [],
  prepare: (world) => write(world, join(world.checkout, '.git')),
});

export const EXECUTION_SETTINGS: readonly HostileCase[] = [
  ...SETTINGS.map(fromSetting),
  driver(
    'filter=evil',
    'commands',
    (trap) => `[filter "evil"]\n\tclean = ${trap}\n\tsmudge = ${trap}\n`,
  ),
  driver(
    'filter=evil',
    'process',
    (trap) => `[filter "evil"]\n\tprocess = ${trap}\n\trequired = true\n`,
  ),
  driver(
    'diff=evil',
    'commands',
    (trap) => `[diff "evil"]\n\tcommand = ${trap}\n\ttextconv = ${trap}\n`,
  ),
  driver('merge=evil', 'command', (trap) => `[merge "evil"]\n\tdriver = ${trap}\n`),
  {
    name: 'a driver by attributes of the repository itself',
    rules: [],
    config: ({ trap }) => `[diff "evil"]\n\tcommand = ${trap}\n\ttextconv = ${trap}\n`,
    prepare: ({ checkout }) => writeAttributes(join(checkout, '.git')),
    spoil: writeAttributes,
    proof: ['log', '-p', '--ext-diff'],
  },
  {
    name: 'settings by include',
    rules: [],
    config: ({ checkout }) => `[include]\n\tpath = ${checkout}/evil.config\n`,
    prepare: ({ checkout, trap }) =>
      writeFileSync(join(checkout, 'evil.config'), `[core]\n\tfsmonitor = ${trap}\n`),
    proof: ['status'],
  },
  {
    name: 'settings by includeIf',
    rules: [],
    config: ({ checkout }) => `[includeIf "gitdir:/**"]\n\tpath = ${checkout}/evil.config\n`,
    prepare: ({ checkout, trap }) =>
      writeFileSync(join(checkout, 'evil.config'), `[core]\n\tfsmonitor = ${trap}\n`),
    proof: ['status'],
  },
  {
    name: 'settings by an include of itself',
    rules: [],
    prepare: ({ checkout }) =>
      appendFileSync(join(checkout, '.git/config'), '[include]\n\tpath = config\n'),
  },
  {
    name: 'addresses by url.insteadOf',
    rules: [],
    config: ({ trap }) =>
      `[url "ext::${trap} "]\n\tinsteadOf = https://\n[protocol "ext"]\n\tallow = always\n`,
    proof: ['ls-remote', 'https://x'],
  },
  {
    name: 'settings of a work tree of its own',
    rules: [],
    config: () => '[core]\n\trepositoryformatversion = 1\n[extensions]\n\tworktreeConfig = true\n',
    prepare: ({ checkout, trap }) =>
      writeFileSync(join(checkout, '.git/config.worktree'), `[core]\n\tfsmonitor = ${trap}\n`),
    proof: ['status'],
  },
  ...[
    ...['pre-commit', 'post-checkout', 'post-index-change', 'reference-transaction'],
    ...['pre-receive', 'update', 'post-receive', 'proc-receive', 'fsmonitor-watchman'],
  ].map((hook) => ({
    ...fromFile(`the hook ${hook}`, ({ trap }, git) => {
      mkdirSync(join(git, 'hooks'), { recursive: true });
      writeFileSync(join(git, 'hooks', hook), `#!/bin/sh\n${trap}\n`, { mode: 0o755 });
    }),
    ...(['pre-commit', 'reference-transaction'].includes(hook) ? { proof: COMMIT } : {}),
  })),
];
