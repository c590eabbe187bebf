/** Small actions written into a temp directory, to test what runs actions. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export type FakeAction = {
  readonly actionDir: string;
  readonly workspace: string;
  remove(): Promise<void>;
};

const ACTION_YML = `
name: Fake
inputs:
  task-file: { default: '' }
  mode: { default: run }
  token: { default: '\${{ github.token }}' }
runs: { using: node24, main: dist/main/index.js, post: dist/post/index.js }
`;

/** `main` and `post`: the text of ES modules. Also makes an empty workspace. */
export async function makeFakeAction(main: string, post = ''): Promise<FakeAction> {
  const root = await mkdtemp(join(tmpdir(), 'fake-action-'));
  const actionDir = join(root, 'action');
  const workspace = join(root, 'workspace');
  await mkdir(workspace);
  const files = {
    'action.yml': ACTION_YML,
    'package.json': '{"type":"module"}',
    'dist/main/index.js': main,
    'dist/post/index.js': post,
  };
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(actionDir, name)), { recursive: true });
    await writeFile(join(actionDir, name), text);
  }
  return { actionDir, workspace, remove: () => rm(root, { recursive: true, force: true }) };
}
