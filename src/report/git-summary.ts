/** The plan's page about git: the gate's remotes, what passes it, what becomes of the change. */
import type { GitPlan, RemoteCredential, RemotePlan } from '../plan/git-plan.ts';
import type { Sourced } from '../plan/plan.ts';
import { table } from './plan-table.ts';

const COLUMNS = ['remote', 'address', 'credential', 'pushes', 'to', 'force', 'from'];
const MIB = 1024 * 1024;

export function renderGit({ policy, remotes, push }: GitPlan): string {
  const { value: rules, sources } = policy;
  const protectedBy = (action: string) =>
    rules.protectedPaths.filter((path) => path.action === action).map(({ glob }) => glob);
  return [
    '### Git',
    remotes.length === 0 ? 'The gate serves **nothing**.' : table(COLUMNS, remotes.map(remoteRow)),
    table(
      ['git', 'value', 'from'],
      [
        ...Object.entries(push).map(([name, given]) => row(PUSH_NAMES[name] ?? name, given)),
        ['refused paths', protectedBy('block').join(' '), sources.protectedPaths],
        ['paths to review', protectedBy('review').join(' '), sources.protectedPaths],
        ['largest file, MiB', mib(rules.maxFileBytes), sources.maxFileBytes],
        ['largest change, MiB', mib(rules.maxPatchBytes), sources.maxPatchBytes],
        ['files', String(rules.maxFiles), sources.maxFiles],
        ['commits', String(rules.maxCommits), sources.maxCommits],
        ['submodules', rules.allowSubmodules ? 'allowed' : 'refused', sources.allowSubmodules],
      ],
    ),
  ].join('\n\n');
}

/** Where the plan's word is not the input's. */
const PUSH_NAMES: Readonly<Record<string, string>> = { mode: 'push' };

function remoteRow({ name, url, credential, push, refs, allowForce }: RemotePlan) {
  const force = allowForce.value ? 'allowed' : 'refused';
  const to = [...refs.value];
  return [name, url.value, credentialText(credential.value), push.value, to, force, url.source];
}

function credentialText(credential: RemoteCredential): string {
  switch (credential.kind) {
    case 'none':
      return 'none';
    case 'workflow-token':
      return 'the input token';
    case 'key-file':
      return credential.path;
    case 'token':
      return credential.name;
    case 'deploy-key':
      return `a deploy key, made with ${credential.tokenName}`;
  }
}

function row(what: string, { value, source }: Sourced<unknown>) {
  return [what, Array.isArray(value) ? value.join(', ') : String(value), source];
}

function mib(bytes: number): string {
  return String(Math.round((bytes / MIB) * 1000) / 1000);
}
