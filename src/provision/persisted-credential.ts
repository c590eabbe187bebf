/**
 * Credentials that earlier steps left in the checkout. The guest's repository is made without the
 * checkout's settings; this looks after files that hold a copy of one.
 */
import { existsSync, readFileSync } from 'node:fs';
import { basename, isAbsolute } from 'node:path';
import { type Matcher, matchSecrets } from '../secret/matcher.ts';
import { type BytePath, splitNul } from './byte-path.ts';
import type { Git } from './git-command.ts';
import { type LeftOut, leaveOut } from './left-out.ts';
import type { Repository } from './repository.ts';
import type { TreeEntry } from './tree-entry.ts';
import type { WorkTree } from './work-tree.ts';

const HOLDS_ONE = 'Not copied, because it holds a credential of an earlier step';

/** actions/checkout 6 and later keep them in a file like this beside the checkout. */
const INCLUDED = /^git-credentials-.*\.config$/;
/** google-github-actions/auth writes such a file into the workspace. */
const CREDENTIAL_FILE = /^gha-creds-[0-9a-z]+\.json$/;
const LARGEST_FILE = 1024 * 1024;

/** Finds the credentials that the checkout's own settings hold. */
export async function findPersisted(git: Git, source: Repository): Promise<Matcher> {
  const own = await settingsIn(git, source.config);
  const included = own
    .filter(([key]) => /^include(?:if\..*)?\.path$/s.test(key))
    .map(([, path]) => path)
    .filter((path) => isAbsolute(path) && INCLUDED.test(basename(path)) && existsSync(path));
  const others = await Promise.all([...new Set(included)].map((path) => settingsIn(git, path)));
  const found = [...own, ...others.flat()].flatMap(([key, value]) => credentialsIn(key, value));
  return matchSecrets([...new Set(found)].map((value) => ({ label: '', value })));
}

/** Where nothing can tell. */
export const NO_CREDENTIALS = matchSecrets([]);

type Setting = readonly [key: string, value: string];

async function settingsIn(git: Git, file: string): Promise<readonly Setting[]> {
  const list = ['config', '--file', file, '--no-includes', '--list', '-z'];
  const { stdout } = await git.ask(list, { cwd: '/' });
  return splitNul(stdout).map((record): Setting => {
    const end = record.indexOf('\n');
    return [record.slice(0, end), record.slice(end + 1)];
  });
}

function credentialsIn(key: string, value: string): string[] {
  if (/^http\..*extraheader$/s.test(key)) {
    const given = value.trim().split(/\s+/).at(-1) ?? '';
    const basic = /^[\x20-\x7e]*?:([\x20-\x7e]+)$/.exec(Buffer.from(given, 'base64').toString());
    return [basic?.[1] ?? given];
  }
  const text = key.startsWith('url.') ? key : value;
  return [/:\/\/[^/@]*:([^/@]+)@/.exec(text)?.[1] ?? ''];
}

/** `isOwn`: what the commit has is no copy that a step made. */
export function withoutCredentials(
  listed: WorkTree,
  credentials: Matcher,
  isOwn: (path: BytePath) => boolean,
  leftOut: LeftOut,
): WorkTree {
  const withheld = new Set(listed.withheld);
  const stays = (entry: TreeEntry) => {
    if (entry.kind !== 'file' || isOwn(entry.path) || !holdsOne(entry, credentials)) return true;
    withheld.add(entry.path);
    leaveOut(leftOut, HOLDS_ONE, entry.path);
    return false;
  };
  const [entries, inside] = [listed.entries.filter(stays), listed.inside.filter(stays)];
  return { ...listed, entries, withheld, inside };
}

function holdsOne(
  { text, from, size }: Extract<TreeEntry, { kind: 'file' }>,
  credentials: Matcher,
): boolean {
  if (CREDENTIAL_FILE.test(basename(text))) return true;
  if (credentials.empty || size > LARGEST_FILE) return false;
  return credentials.stream().push(readFileSync(from)).length > 0;
}
