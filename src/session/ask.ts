/** Asks GitHub for artifacts of earlier runs, and for what those runs were. */
import { z } from 'zod';
import type { ListedArtifact } from '../host/host.ts';
import { classOf } from '../trigger-class.ts';
import type { GitHubApi } from '../trust/api.ts';
import { notAllowed, notThere } from './refusal.ts';
import type { WorkflowRun } from './rule.ts';

/** Where it is asked, and about what. */
export type Question = {
  readonly api: GitHubApi;
  /** `owner/name`. */
  readonly repository: string;
  readonly repositoryId: number;
};

export type FoundArtifact = ListedArtifact & { readonly workflowRun: number };

const id = z.int().min(1);
const text = z
  .string()
  .nullish()
  .transform((value) => value ?? '');
const ARTIFACTS = z.object({
  artifacts: z.array(
    z.object({
      id,
      name: z.string(),
      size_in_bytes: z.int().min(0),
      expired: z.boolean(),
      digest: text,
      workflow_run: z.object({ id, repository_id: id }).nullish(),
    }),
  ),
});
const account = z.object({ id }).nullish();
const RUN = z.object({
  id,
  event: z.string(),
  head_branch: text,
  head_sha: z.string(),
  repository: z.object({ id }),
  head_repository: z.object({ id }).nullish(),
  actor: account,
  triggering_actor: account,
});
const REPOSITORY = z.object({ default_branch: z.string().min(1) });
const COMPARISON = z.object({ status: z.string() });

/** Newest first. @throws {BottleError} `config-invalid` when GitHub does not list them. */
export async function askArtifacts(
  { api, repository, repositoryId }: Question,
  name: string,
): Promise<readonly FoundArtifact[]> {
  const path = `/repos/${repository}/actions/artifacts`;
  const answer = await api.get(`${path}?name=${encodeURIComponent(name)}&per_page=100`);
  const parsed = ARTIFACTS.safeParse(answer.body);
  if (answer.status !== 200 || !parsed.success) {
    throw notThere('GitHub did not list the artifacts', `${path}: status ${answer.status}`, RIGHT);
  }
  return parsed.data.artifacts
    .filter((one) => one.name === name && !one.expired)
    .flatMap(({ workflow_run: run, size_in_bytes: size, ...one }) =>
      run?.repository_id === repositoryId
        ? [{ id: String(one.id), name, size, digest: one.digest, workflowRun: run.id }]
        : [],
    )
    .sort((a, b) => Number(b.id) - Number(a.id));
}

const RIGHT = "Give the job the permission `actions: read`, or this action's `token`.";

/** @throws {BottleError} `untrusted` when GitHub does not say what that run was. */
export async function askRun(question: Question, run: number): Promise<WorkflowRun> {
  const { api, repository, repositoryId } = question;
  const path = `/repos/${repository}/actions/runs/${run}`;
  const { status, body } = await api.get(path);
  const parsed = RUN.safeParse(body).data;
  if (status !== 200 || parsed?.id !== run || parsed.repository.id !== repositoryId) {
    throw notAllowed('GitHub did not say what the run was', `${path}: status ${status}`, RIGHT);
  }
  const { event, head_branch: branch, head_repository: head, actor, triggering_actor } = parsed;
  const isFork = head?.id !== repositoryId;
  const isDefault = !isFork && (await isOnDefault(question, branch, parsed.head_sha));
  return {
    id: run,
    trigger: classOf(event, { isFork, isDefault }),
    actor: actor?.id ?? 0,
    startedBy: triggering_actor?.id ?? 0,
    branch,
    headRepository: head?.id ?? 0,
  };
}

/** By name and by commit: the run of a tag, or of a branch that is gone, has its name there too. */
async function isOnDefault(
  { api, repository }: Question,
  branch: string,
  sha: string,
): Promise<boolean> {
  const { body } = await api.get(`/repos/${repository}`);
  const name = REPOSITORY.safeParse(body).data?.default_branch;
  if (name === undefined || name !== branch) return false;
  const path = `/repos/${repository}/compare/${encodeURIComponent(name)}...${sha}`;
  const { status } = COMPARISON.safeParse((await api.get(path)).body).data ?? {};
  return status === 'identical' || status === 'behind';
}
