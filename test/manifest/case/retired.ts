/** Keys of earlier manifests: each dies with what replaced it. */
import { badAgent, badBottle } from './case.ts';

const GONE = 'this key is not accepted any more:';
const ROUTES = `${GONE} list hosts under \`egress.routes\`, each with its \`auth\``;
const REPOS = `${GONE} use \`git-gate.repos\`: the repository’s name, then \`url\`, \`host_key\` and \`key\``;
const USER = `${GONE} use \`git-gate.user\` with \`name\` and \`email\``;
const PIPELOCK = `${GONE} pipelock is gone; checks are under the route’s \`dlp\``;

const route = (rest: string) => `egress:\n  routes:\n    - host: a.example\n${rest}`;
const repo = (rest: string) =>
  `git-gate:\n  repos:\n    mine:\n      url: https://git.example/mine\n${rest}`;

export const retiredCases = [
  badBottle('tokens', 'tokens: {}', [`2:1 tokens: ${ROUTES}`]),
  badBottle('cred_proxy', 'cred_proxy: {routes: []}', [`2:1 cred_proxy: ${ROUTES}`]),
  badBottle('egress_proxy', 'egress_proxy: {}', [`2:1 egress_proxy: ${ROUTES}`]),
  badBottle('egress.allowlist', 'egress:\n  allowlist: [a.example]', [
    `3:3 egress.allowlist: ${ROUTES}`,
  ]),
  badBottle('git', 'git:\n  - Name: x', [`2:1 git: ${REPOS}`]),
  badBottle('ssh', 'ssh: []', [`2:1 ssh: ${REPOS}`]),
  badBottle('git_user', 'git_user: {name: x}', [`2:1 git_user: ${USER}`]),
  badBottle('runtime', 'runtime: runsc', [
    '2:1 runtime: this key is not accepted any more: use `engine: smolvm` or `engine: bubblewrap`',
  ]),
  badBottle('supervise', 'supervise: true', [
    `2:1 supervise: ${GONE} supervision is always on; remove it`,
  ]),
  badBottle('dockerfile', 'agent_provider:\n  dockerfile: x', [
    `3:3 agent_provider.dockerfile: ${GONE} use \`image.from\` (an OCI image with its digest) or \`image.smolfile\``,
  ]),
  badBottle('role', route('      role: x'), [
    `5:7 egress.routes[0].role: ${GONE} it was reserved and never meant anything; remove it`,
  ]),
  badBottle('path_allowlist', route('      path_allowlist: [/]'), [
    `5:7 egress.routes[0].path_allowlist: ${GONE} use \`matches\``,
  ]),
  badBottle('pipelock', route('      pipelock: {tls_passthrough: true}'), [
    `5:7 egress.routes[0].pipelock: ${PIPELOCK}`,
  ]),
  badBottle('Upstream', repo('      Upstream: x'), [
    `6:7 git-gate.repos.mine.Upstream: ${GONE} use \`url\``,
  ]),
  badBottle('KnownHostKey', repo('      KnownHostKey: x'), [
    `6:7 git-gate.repos.mine.KnownHostKey: ${GONE} use \`host_key\``,
  ]),
  badBottle('IdentityFile', repo('      IdentityFile: x'), [
    `6:7 git-gate.repos.mine.IdentityFile: ${GONE} use \`key: {provider: static`,
  ]),
  badBottle('identity', repo('      identity: x'), [
    `6:7 git-gate.repos.mine.identity: ${GONE} use \`key: {provider: static`,
  ]),
  badBottle('provisioned_key', repo('      provisioned_key: x'), [
    `6:7 git-gate.repos.mine.provisioned_key: ${GONE} use \`key: {provider: gitea`,
  ]),
  badBottle('ExtraHosts', repo('      ExtraHosts: {}'), [
    `6:7 git-gate.repos.mine.ExtraHosts: ${GONE} the gate resolves names itself; remove it`,
  ]),
  badBottle('Name', repo('      Name: x'), [
    `6:7 git-gate.repos.mine.Name: ${GONE} the repository’s name is the key above`,
  ]),
  badAgent('repos of an agent', 'git-gate:\n  repos: {}', [
    `3:3 git-gate.repos: ${GONE} remotes and their keys belong to the bottle; an agent cannot add any`,
  ]),
  badAgent('egress of an agent', 'egress: {routes: []}', [
    `2:1 egress: ${GONE} what may be reached belongs to the bottle; an agent cannot widen it`,
  ]),
  badAgent('env of an agent', 'env: {A: b}', [
    `2:1 env: ${GONE} variables belong to the bottle; use the bottle’s \`env\``,
  ]),
  badAgent('git_user of an agent', 'git_user: {}', [`2:1 git_user: ${USER}`]),
];
