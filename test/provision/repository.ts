/** Small repositories for a scene. */
import { symlinkSync } from 'node:fs';
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
