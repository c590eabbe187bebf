/** The fields of `git-gate`: who commits, remotes and their rules, what no commit may hold. */
import { badBottle, goodBottle } from './case.ts';

const PATH = 'must be a relative path with forward slashes and without `..`';
const REMOTE =
  'must be the address of a repository: ssh://git@host/path, git@host:path or https://host/path, without a password';

const repo = (rest: string) =>
  `git-gate:\n  repos:\n    mine:\n      url: ssh://git@git.example/mine.git\n${rest}`;

export const gitGateCases = [
  goodBottle('a user', 'git-gate: {user: {name: A Bot, email: bot@example.com}}'),
  goodBottle(
    'a remote with a key',
    repo(
      '      host_key: ssh-ed25519 AAAAC3Nza\n      key: {provider: static, path: /etc/keys/mine}',
    ),
  ),
  goodBottle(
    'a remote with a deploy key',
    repo('      key: {provider: gitea, provisioner_token: GITEA_TOKEN}'),
  ),
  goodBottle(
    'a remote with a deploy key of an API elsewhere',
    repo(
      '      key: {provider: gitea, provisioner_token: T, api_url: "https://git.example:3000/api/v1"}',
    ),
  ),
  badBottle(
    'an API without https',
    repo(
      '      key: {provider: gitea, provisioner_token: T, api_url: "http://git.example/api/v1"}',
    ),
    ['6:61 git-gate.repos.mine.key.api_url: must be the address of an API over https'],
  ),
  goodBottle(
    'a remote in the short form',
    'git-gate: {repos: {mine: {url: "git@git.example:me/mine.git"}}}',
  ),
  goodBottle(
    'a remote with a token',
    'git-gate: {repos: {mine: {url: "https://git.example/x", key: {provider: token, token_ref: T}}}}',
  ),
  goodBottle(
    'rules for pushes',
    repo(
      '      push: forward\n      allow_force: true\n' +
        '      branches: [main, "bottle/**", "refs/tags/v*", feature/a-b_c.d]',
    ),
  ),
  goodBottle(
    'rules for commits',
    'git-gate:\n  protected_paths: ["**/*.lock", {glob: .github/**, action: review}]\n' +
      '  max_file_mib: 0.5\n  max_patch_mib: 20\n  max_files: 3000\n  allow_submodules: true',
  ),
  badBottle('a rule for pushes that is none', repo('      push: allow'), [
    '6:13 git-gate.repos.mine.push: must be one of forward, record, refuse.',
  ]),
  badBottle('no branch at all', repo('      branches: []'), [
    '6:17 git-gate.repos.mine.branches: must have at least 1 entries',
  ]),
  ...['-x', '/x', 'a..b', 'a b', 'x.lock', 'x/', '.x', 'a/.b', 'a{b,c}', 'a~1', 'a@{1}'].map(
    (name) =>
      badBottle(`the branch ${name}`, repo(`      branches: ["${name}"]`), [
        '6:18 git-gate.repos.mine.branches[0]: must be the name of a branch, in which',
      ]),
  ),
  badBottle('a protected path outside', 'git-gate: {protected_paths: [../x, /etc, 7]}', [
    `2:30 git-gate.protected_paths[0]: ${PATH}`,
    `2:36 git-gate.protected_paths[1]: ${PATH}`,
    '2:42 git-gate.protected_paths[2]: must be a glob, or a map of `glob` and `action`',
  ]),
  badBottle(
    'a protected path with an unknown action',
    'git-gate: {protected_paths: [{glob: x, action: allow}]}',
    ['2:48 git-gate.protected_paths[0].action: must be one of block, review.'],
  ),
  badBottle('a protected path without its action', 'git-gate: {protected_paths: [{glob: x}]}', [
    '2:30 git-gate.protected_paths[0].action: is missing',
  ]),
  badBottle(
    'sizes out of bounds',
    'git-gate: {max_file_mib: 0, max_patch_mib: 9999, max_files: 1.5, allow_submodules: 1}',
    [
      '2:26 git-gate.max_file_mib: must be more than 0',
      '2:44 git-gate.max_patch_mib: must be at most 2048',
      '2:61 git-gate.max_files: must be a whole number, but is a number',
      '2:84 git-gate.allow_submodules: must be true or false, but is a number',
    ],
  ),
  badBottle('a user that is text', 'git-gate: {user: me}', [
    '2:18 git-gate.user: must be a map, but is text',
  ]),
  badBottle('a name of two lines', 'git-gate: {user: {name: "a\\nb"}}', [
    '2:25 git-gate.user.name: must be one line of text, not empty, without control characters',
  ]),
  badBottle('a remote without an address', 'git-gate:\n  repos:\n    mine: {}', [
    '4:11 git-gate.repos.mine.url: is missing',
  ]),
  badBottle(
    'a password in the address',
    'git-gate:\n  repos:\n    mine: {url: "https://me:pw@git.example/x"}',
    [`4:17 git-gate.repos.mine.url: ${REMOTE}`],
  ),
  badBottle('an option for ssh', 'git-gate:\n  repos:\n    mine: {url: "ssh://-oProxy/y"}', [
    `4:17 git-gate.repos.mine.url: ${REMOTE}`,
  ]),
  badBottle('an option for git', 'git-gate:\n  repos:\n    mine: {url: "-u@git.example:x"}', [
    `4:17 git-gate.repos.mine.url: ${REMOTE}`,
  ]),
  badBottle(
    'an unsafe name of a remote',
    'git-gate:\n  repos:\n    ../x: {url: "git@git.example:x"}',
    [
      '4:5 git-gate.repos."../x": the name must be letters, digits, `.`, `_` and `-`, beginning with a letter or digit',
    ],
  ),
  badBottle('a private key', repo('      host_key: "-----BEGIN OPENSSH PRIVATE KEY-----"'), [
    '6:17 git-gate.repos.mine.host_key: must be a public host key such as',
  ]),
  badBottle('an unknown provider of keys', repo('      key: {provider: github}'), [
    '6:23 git-gate.repos.mine.key.provider: must have `provider`: static, gitea or token',
  ]),
  badBottle('a key without its path', repo('      key: {provider: static}'), [
    '6:12 git-gate.repos.mine.key.path: is missing',
  ]),
  badBottle('an unknown key of a key', repo('      key: {provider: static, path: x, pat: y}'), [
    '6:40 git-gate.repos.mine.key.pat: unknown key. Did you mean "path"? Accepted here: api_url, path, provider, provisioner_token, token_ref.',
  ]),
];
