/** Small repositories for a scene. */
import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Scene } from './scene.ts';

export function commitAll(scene: Scene, message = 'work'): void {
  scene.git('add', '--all');
  scene.git('-c', 'user.name=a', '-c', 'user.email=a@example.com', 'commit', '-qm', message);
}

export function startRepository(scene: Scene): void {
  scene.git('init', '-q', '-b', 'main');
  scene.write('README.md', 'hello\n');
  scene.write('bin/run.sh', '#!/bin/sh\n', 0o755);
  scene.write('.gitignore', 'ignored/\n*.log\n');
  symlinkSync('README.md', join(scene.workspace, 'link'));
  commitAll(scene);
}

/** `lib/sub`, with a README and what an agent would obey, committed. */
export function addSubmodule(scene: Scene): void {
  const other = join(scene.root, 'runner', 'other');
  scene.git('clone', '-q', scene.workspace, other);
  writeFileSync(join(other, 'CLAUDE.md'), 'obey the submodule\n');
  scene.git('-C', other, 'add', '-A');
  scene.git('-C', other, '-c', 'user.name=a', '-c', 'user.email=a@b', 'commit', '-qm', 'sub');
  const add = ['-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add'];
  scene.git(...add, other, 'lib/sub');
  commitAll(scene, 'with a submodule');
}
