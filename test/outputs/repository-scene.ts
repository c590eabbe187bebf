/** A provisioned guest whose workspace is a repository, and what a patch makes of it. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { commitAll, startRepository } from '../provision/repository.ts';
import type { Guest } from './guest-scene.ts';

/** A guest whose workspace is a repository with one commit. */
export async function withRepository(guest: Guest): Promise<Guest> {
  startRepository(guest);
  guest.write('kept.txt', 'one\ntwo\n');
  guest.write('gone.txt', 'to be removed\n');
  guest.write('run.sh', '#!/bin/sh\n');
  guest.write('.gitignore', '*.log\n');
  guest.write('latin.txt', Buffer.from([0x61, 0x0a]));
  commitAll(guest);
  await guest.begin();
  return guest;
}

/** The files that a patch makes of the checkout. */
export function applied(guest: Guest, patch: string): Record<string, string> {
  const clone = join(guest.root, 'applied');
  execFileSync('git', ['clone', '-q', guest.workspace, clone]);
  execFileSync('git', ['apply', '-'], { cwd: clone, input: patch });
  rmSync(join(clone, '.git'), { recursive: true });
  const files: Record<string, string> = {};
  for (const path of readdirSync(clone, { recursive: true, encoding: 'utf8' })) {
    try {
      files[path] = readFileSync(join(clone, path), 'latin1');
    } catch {
      // A directory.
    }
  }
  return files;
}
