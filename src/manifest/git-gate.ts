/** The schema of `git-gate`: who commits, and which remotes the gate speaks to. */
import { z } from 'zod';
import { distinct, hostVariable, line, relativePath, segment } from './name.ts';

const gitUser = z
  .strictObject({
    name: line.max(256).optional().describe('`user.name` in the guest.'),
    email: line.max(256).optional().describe('`user.email` in the guest.'),
  })
  .describe('Who the guest’s commits are by. Merged field by field.');

const REMOTE =
  'must be the address of a repository: ssh://git@host/path, git@host:path or ' +
  'https://host/path, without a password';

/** No part may begin with a hyphen: git or ssh would read it as an option. */
const WORD = String.raw`\w[\w.-]*`;

const REMOTES = [
  String.raw`ssh://(?:${WORD}@)?${WORD}(?::\d+)?/\S+`,
  String.raw`https://${WORD}(?::\d+)?/\S+`,
  String.raw`${WORD}@${WORD}:(?!//|-)\S+`,
];

const url = line.max(2048).regex(new RegExp(`^(?:${REMOTES.join('|')})$`), { error: REMOTE });

const hostKey = line
  .max(2048)
  .regex(/^(?:ssh-[a-z0-9-]+|ecdsa-[a-z0-9-]+|sk-[a-z0-9@.-]+) [A-Za-z0-9+/]+=*(?: .*)?$/, {
    error:
      'must be a public host key such as `ssh-ed25519 AAAA…`, ' +
      'as in a known_hosts file after the host',
  });

const apiUrl = line
  .max(2048)
  .regex(/^(?:https:\/\/|http:\/\/(?:127\.0\.0\.1|localhost)[:/])[^\s@?#]+$/, {
    error:
      'must be the address of an API over https, without a password: https://git.example/api/v1',
  });

const key = z
  .discriminatedUnion(
    'provider',
    [
      z.strictObject({
        provider: z.literal('static').describe('A key that exists already.'),
        path: line.describe('The private key’s file on the runner, outside the workspace.'),
      }),
      z.strictObject({
        provider: z
          .literal('gitea')
          .describe('A deploy key of Gitea or Forgejo, made for the run and taken back after it.'),
        provisioner_token: hostVariable.describe('Name of the variable that holds the API token.'),
        api_url: apiUrl
          .optional()
          .describe('Default: `https://<host of url>/api/v1`, without the port of `url`.'),
      }),
      z.strictObject({
        provider: z.literal('token').describe('A token, for remotes over https.'),
        token_ref: hostVariable.describe('Name of the variable that holds the token.'),
      }),
    ],
    { error: 'must have `provider`: static, gitea or token' },
  )
  .describe('How the gate proves who it is to the remote.');

/** What git takes for a name of a ref, with `*` in it. */
const branchGlob = line
  .max(255)
  .regex(/^(?![-/.])(?!.*(?:\.\.|\/\/|\/\.|@\{|[/.]$|\.lock$))[^\s~^:?[\]{}\\]+$/, {
    error: 'must be the name of a branch, in which `*` and `**` stand for any text',
  });

const repo = z
  .strictObject({
    url: url.describe('The remote. Over ssh the gate needs `host_key` too.'),
    host_key: hostKey
      .optional()
      .describe('The remote’s pinned public key; without it nothing goes over ssh.'),
    key: key.optional(),
    push: z
      .enum(['forward', 'record', 'refuse'])
      .optional()
      .describe(
        'What becomes of a push that passed the checks: `forward` hands it on, `record` keeps it on ' +
          'the runner, `refuse` takes none. Default `forward` for a remote with a `key`, over ssh ' +
          'also with its `host_key`; else `record`.',
      ),
    allow_force: z
      .boolean()
      .optional()
      .describe('Whether a push may take commits away; default `false`.'),
    branches: distinct(branchGlob)
      .min(1)
      .optional()
      .describe(
        'Globs of the branches that may be pushed; default all. What begins with `refs/` is a ' +
          'whole name, as `refs/tags/v*`.',
      ),
  })
  .describe('A remote that the guest may fetch from and push to, through the gate.');

/** Where a glob stands by itself, what it protects is refused. */
const protectedPath = z.union(
  [
    relativePath,
    z.strictObject({
      glob: relativePath.describe('Relative to the root of the repository.'),
      action: z
        .enum(['block', 'review'])
        .describe('`block` refuses the commit; `review` lets it pass, marked for a person.'),
    }),
  ],
  { error: 'must be a glob, or a map of `glob` and `action`' },
);

export const gitGate = z.strictObject({
  user: gitUser.optional(),
  repos: z.record(segment, repo).optional().describe('Remotes by the name that the gate shows.'),
  protected_paths: z
    .array(protectedPath)
    .max(1000)
    .optional()
    .describe(
      'Globs of what no commit may touch, before the built-in ones. The first one that fits decides.',
    ),
  max_file_mib: z.number().gt(0).max(2048).optional().describe('Largest file in a commit.'),
  max_patch_mib: z.number().gt(0).max(2048).optional().describe('Largest change of all commits.'),
  max_files: z.int().min(1).max(1_000_000).optional().describe('Most files that are changed.'),
  allow_submodules: z
    .boolean()
    .optional()
    .describe('Whether commits may add or change submodules; default `false`.'),
});

export const agentGitGate = z.strictObject({ user: gitUser.optional() });
