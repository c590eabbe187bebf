/** Where a workspace may be: real repositories within a checkout, and ways into them. */
import { mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Event } from '../../src/trust/event.ts';
import { judgeWorkspace } from '../../src/trust/judge-workspace.ts';
import type { Trust } from '../../src/trust/trust.ts';
import { type GitScene, makeGitScene } from './git-scene.ts';

const TRUST: Trust = {
  ref: { kind: 'commit', sha: 'a'.repeat(40) },
  head: 'trusted',
  cacheTrusted: true,
  dropCredentials: false,
  reason: '',
  notices: [],
};
const WRITERS = ['local', 'push', 'schedule', 'workflow_dispatch', 'repository_dispatch'];
const OTHERS = [
  ...['pull_request', 'pull_request_target', 'pull_request_review', 'workflow_run'],
  ...['pull_request_review_comment', 'issue_comment', 'issues', 'other'],
];
const SECOND = ['second', 'second/deep/down', 'tree', 'sub', 'sub/lib', 'way', 'through/deep'];
const OWN = ['.', 'lib', 'own', 'lib/not-yet'];

function makeCheckout(): GitScene {
  const scene = makeGitScene();
  scene.commit({ 'lib/a.txt': 'a' });
  scene.clone();
  const { git, gitIn, root, upstream, checkout } = scene;
  gitIn(root, 'clone', '-q', '-b', 'main', `file://${upstream}`, join(checkout, 'second'));
  git('worktree', 'add', '-q', 'tree');
  const add = ['submodule', '--quiet', 'add', '-b', 'main', upstream, 'sub'];
  git('-c', 'protocol.file.allow=always', ...add);
  mkdirSync(join(checkout, 'second/deep/down'), { recursive: true });
  mkdirSync(join(checkout, 'lib/not-yet'));
  symlinkSync('../checkout/second/deep', join(checkout, 'way'));
  symlinkSync('second', join(checkout, 'through'));
  symlinkSync('lib', join(checkout, 'own'));
  return scene;
}

function judge(checkout: string, workspace: string, kind = 'pull_request'): Trust {
  const event = { kind, name: kind } as Event;
  return judgeWorkspace({ trust: TRUST, event, checkout }, join(checkout, workspace));
}

const REFUSED = expect.objectContaining({
  outcome: 'untrusted',
  what: expect.stringContaining('another git repository'),
  fix: expect.stringContaining('without `path`'),
});

test('another repository is refused where an outsider may have caused the event', () => {
  const { checkout } = makeCheckout();
  for (const workspace of SECOND) {
    for (const kind of OTHERS) {
      expect(() => judge(checkout, workspace, kind), `${kind} ${workspace}`).toThrow(REFUSED);
    }
  }
});

test('another repository is a writer’s own business, but nothing is saved for later runs', () => {
  const { checkout } = makeCheckout();
  for (const workspace of SECOND) {
    for (const kind of WRITERS) {
      const trust = judge(checkout, workspace, kind);
      expect(trust, `${kind} ${workspace}`).toEqual({ ...TRUST, cacheTrusted: false });
    }
  }
});

test('a directory of the checkout itself changes nothing', () => {
  const { checkout } = makeCheckout();
  for (const workspace of OWN) {
    for (const kind of [...OTHERS, ...WRITERS]) {
      expect(judge(checkout, workspace, kind), `${kind} ${workspace}`).toBe(TRUST);
    }
  }
});

test('a checkout that is reached through a link is the same one', () => {
  const { root, checkout } = makeCheckout();
  const link = join(root, 'link');
  symlinkSync(checkout, link);
  expect(judge(link, 'lib')).toBe(TRUST);
  expect(() => judge(link, 'second')).toThrow(REFUSED);
});

test('a checkout without git is no reason to look the other way', () => {
  const { checkout } = makeCheckout();
  rmSync(join(checkout, '.git'), { recursive: true });
  expect(() => judge(checkout, 'second')).toThrow(REFUSED);
});
