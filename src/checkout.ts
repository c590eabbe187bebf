/** Where the checkout is from: the `origin` that its own configuration names, read as data. */
import { dirname, resolve } from 'node:path';
import type { Host, HostPath } from './host/host.ts';
import type { PlanRequest } from './plan/make-plan.ts';
import { makeGit } from './trust/git.ts';

/** `workspace`: what the agent works on, in the checkout. `scratch`: a directory of the step. */
export async function describeCheckout(
  host: Host,
  workspace: HostPath,
  scratch: HostPath,
): Promise<PlanRequest['checkout']> {
  const server = host.env.GITHUB_SERVER_URL ?? '';
  const program = host.which('git');
  if (program === undefined) return { origin: '', server };
  const asked = await makeGit(host, program, scratch).ask(
    ['config', '--local', '--no-includes', '--get', 'remote.origin.url'],
    {
      cwd: workspace,
      env: { GIT_CEILING_DIRECTORIES: dirname(resolve(host.env.GITHUB_WORKSPACE ?? workspace)) },
    },
  );
  return { origin: asked.exitCode === 0 ? asked.stdout.toString().trimEnd() : '', server };
}
