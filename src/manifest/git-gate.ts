/** The schema of `git-gate`: who commits, and which remotes the gate speaks to. */
import { z } from 'zod';
import { hostVariable, line, segment } from './name.ts';

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
          .describe('A deploy key made for this run and removed after it.'),
        provisioner_token: hostVariable.describe('Name of the variable that holds the API token.'),
      }),
    ],
    { error: 'must have `provider`: static or gitea' },
  )
  .describe('How the gate proves who it is to the remote.');

const repo = z
  .strictObject({
    url: url.describe('The remote. Over ssh the gate needs `host_key` too.'),
    host_key: hostKey
      .optional()
      .describe('The remote’s pinned public key; without it the gate does not forward.'),
    key: key.optional(),
  })
  .describe('A remote that the guest may fetch from and push to, through the gate.');

export const gitGate = z.strictObject({
  user: gitUser.optional(),
  repos: z.record(segment, repo).optional().describe('Remotes by the name that the gate shows.'),
});

export const agentGitGate = z.strictObject({ user: gitUser.optional() });
