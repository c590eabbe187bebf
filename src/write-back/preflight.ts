/** Asks GitHub, before anything runs and without changing anything, whether it will let us write back. */
import { z } from 'zod';
import { isSafeAddress } from '../download.ts';
import { messageOf } from '../errors.ts';
import { type ClientOptions, makeApiClient } from '../github/client.ts';
import type { Host } from '../host/host.ts';
import type { PushPlan } from '../plan/git-plan.ts';
import { printable } from '../printable.ts';
import { type GitHub, openGitHub, segment } from './github.ts';
import { isOwnMessage } from './mark.ts';
import type { Place } from './written.ts';

/** `no`: it will fail; `unknown`: GitHub does not tell this token. */
export type PreflightLine = {
  readonly what: string;
  readonly answer: 'yes' | 'no' | 'unknown';
  /** What GitHub said, and where. */
  readonly found: string;
};

export type PreflightRequest = {
  readonly push: PushPlan;
  readonly place: Place;
};

const PATIENCE = { timeoutMs: 10_000, retryMs: 500, longestPauseMs: 2000 };
const TIMEOUT_MS = 10_000;

/** Never throws: what cannot be asked is unknown. None where nothing is to be written. */
export async function preflight(
  host: Pick<Host, 'env' | 'cancelled'>,
  { push, place }: PreflightRequest,
  options: ClientOptions = PATIENCE,
): Promise<readonly PreflightLine[]> {
  if (push.mode.value === 'none') return [];
  const github = openGitHub(makeApiClient(host, place.token, options), place);
  const branch = push.branch.value;
  const ask = async (what: string, question: () => Promise<Omit<PreflightLine, 'what'>>) => {
    try {
      return [{ what, ...(await question()) }];
    } catch (error) {
      return [{ what, answer: 'unknown' as const, found: printable(messageOf(error), 300) }];
    }
  };
  const lines = await Promise.all([
    ask('the token may push', () => mayPush(host, place)),
    ask(`the branch ${branch} is free or ours`, () => isFree(github, push, place)),
    ...(push.mode.value === 'pull-request'
      ? [ask('Actions may open pull requests', () => mayOpen(github))]
      : []),
    askRules(github, branch).catch((error) => {
      const found = printable(messageOf(error), 300);
      return [{ what: 'rulesets let it', answer: 'unknown' as const, found }];
    }),
  ]);
  return lines.flat();
}

/**
 * What git asks first when it pushes: only that tells a workflow's token what it may do, for the
 * repository's `permissions` are those of people.
 */
async function mayPush(host: Pick<Host, 'cancelled'>, place: Place) {
  const path = `/${place.repository}/info/refs?service=git-receive-pack`;
  const url = new URL(path, place.server);
  if (!isSafeAddress(url))
    return { answer: 'unknown', found: `${url.origin} is no https` } as const;
  const basic = Buffer.from(`x-access-token:${place.token}`).toString('base64');
  const response = await fetch(url, {
    headers: { authorization: `Basic ${basic}`, 'user-agent': 'git/bottle-action' },
    redirect: 'manual',
    signal: AbortSignal.any([host.cancelled, AbortSignal.timeout(TIMEOUT_MS)]),
  });
  await response.body?.cancel();
  const found = `status ${response.status} of git-receive-pack`;
  if (response.status === 200) return { answer: 'yes', found } as const;
  if (![401, 403, 404].includes(response.status)) return { answer: 'unknown', found } as const;
  return { answer: 'no', found: `${found}: the job needs permissions: contents: write` } as const;
}

const branchAnswer = z.object({
  name: z.string(),
  protected: z.boolean(),
  commit: z.object({ commit: z.object({ message: z.string() }) }),
});

async function isFree(github: GitHub, { branch }: PushPlan, { workflow }: Place) {
  const name = branch.value;
  const path = `/branches/${segment(name)}`;
  const there = await github.find({
    path,
    what: 'It could not be looked at',
    answer: branchAnswer,
  });
  if (there?.name !== name) return { answer: 'yes', found: 'there is no such branch' } as const;
  if (there.protected) return { answer: 'no', found: 'it is protected' } as const;
  const isOurs = isOwnMessage(there.commit.commit.message, { branch: name, workflow });
  return isOurs
    ? ({ answer: 'yes', found: 'its last commit is of this workflow' } as const)
    : ({ answer: 'no', found: 'its last commit is not of this workflow' } as const);
}

const setting = z.object({ can_approve_pull_request_reviews: z.boolean() });

/** Only an administrator's token is told. */
async function mayOpen(github: GitHub) {
  const path = '/actions/permissions/workflow';
  const what = 'The setting could not be read';
  const { can_approve_pull_request_reviews: can } = await github.demand({
    ...{ method: 'GET' as const, path, what, answer: setting },
  });
  const found = `the setting says ${can ? 'so' : 'no: Settings, Actions, General'}`;
  return { answer: can ? 'yes' : 'no', found } as const;
}

const rules = z.array(z.object({ type: z.string(), ruleset_id: z.int().optional() }));
const ruleset = z.object({
  name: z.string(),
  current_user_can_bypass: z.string().optional(),
});

/** Rules of a branch that can stand in the way of its being written. */
const IN_THE_WAY: Readonly<Record<string, string>> = {
  creation: 'restricts who makes such branches',
  update: 'restricts who writes such branches',
  non_fast_forward: 'forbids to replace what such a branch has',
  pull_request: 'takes changes of such branches by pull requests alone',
  required_signatures: 'wants signed commits, which git push does not make here',
  required_linear_history: 'forbids merges',
  required_status_checks: 'wants checks to pass before',
  branch_name_pattern: 'wants names of another pattern, perhaps',
  commit_message_pattern: 'wants messages of a pattern',
  commit_author_email_pattern: 'wants authors of a pattern',
  committer_email_pattern: 'wants committers of a pattern',
  file_path_restriction: 'forbids some paths',
  max_file_path_length: 'forbids long paths',
  file_extension_restriction: 'forbids some files',
  max_file_size: 'forbids large files',
};
/** Those that always apply; the others depend on what the change is. */
const CERTAIN = ['creation', 'update', 'pull_request'];

async function askRules(github: GitHub, branch: string): Promise<PreflightLine[]> {
  const path = `/rules/branches/${segment(branch)}`;
  const what = 'The rules could not be read';
  const found = await github.demand({ method: 'GET', path, what, answer: rules });
  const relevant = found.filter(({ type }) => type in IN_THE_WAY);
  if (relevant.length === 0) {
    return [{ what: 'rulesets let it', answer: 'yes', found: 'no rule is about such a branch' }];
  }
  const sets = new Map<number, z.output<typeof ruleset> | undefined>();
  for (const { ruleset_id: id } of relevant) {
    if (id === undefined || sets.has(id)) continue;
    const at = `/rulesets/${id}?includes_parents=true`;
    sets.set(id, await github.find({ path: at, what, answer: ruleset }).catch(() => undefined));
  }
  return relevant.map(({ type, ruleset_id: id }) => {
    const set = id === undefined ? undefined : sets.get(id);
    return lineOf(type, set?.name ?? `ruleset ${id}`, set?.current_user_can_bypass);
  });
}

function lineOf(type: string, name: string, bypass: string | undefined): PreflightLine {
  const may = { always: 'may bypass it', never: 'may not bypass it' }[bypass ?? ''];
  const says = may ?? 'GitHub does not say whether it may bypass it';
  const isSure = bypass === 'never' && CERTAIN.includes(type);
  return {
    what: `the rule ${type} lets it`,
    answer: bypass === 'always' ? 'yes' : isSure ? 'no' : 'unknown',
    found: printable(`${name} ${IN_THE_WAY[type]}; the token ${says}`, 300),
  };
}
