/** What goes into the guest, and where: bot-bottle's own places, which agents' files refer to. */
import { posix } from 'node:path';
import { BottleError } from '../errors.ts';
import type { GuestPath } from '../machine/machine.ts';
import type { PlanRequest } from './make-plan.ts';
import type { ProvisionPlan, ProvisionSources } from './plan.ts';

/** The variable with which bot-bottle's users move the skills. */
const SKILLS_VARIABLE = 'CLAUDE_BOTTLE_GUEST_SKILLS_DIR';

export function planProvision(request: PlanRequest, home: GuestPath): ProvisionPlan {
  const { agent, agentName, bottle } = request.selected;
  const user = bottle['git-gate']?.user;
  return {
    workspace: {
      from: request.workspace,
      to: `${home}/workspace`,
      exclude: bottle.workspace?.exclude ?? [],
      pinned: request.pinned,
    },
    prompt: { text: agent.prompt, to: `${home}/.claude-bottle-prompt.txt` },
    skills: { list: request.skills, to: skillsDirectory(request, home) },
    task: { text: request.task, to: `${home}/.bottle/task.md` },
    outputDirectory: `${home}/outputs`,
    gitUser: {
      name: user?.name ?? agentName,
      email: user?.email ?? `${agentName}@bottle.invalid`,
    },
  };
}

/** The workspace's: an input that names the checkout itself leaves the choice to the manifest. */
export function sourcesOfProvision(request: PlanRequest): ProvisionSources {
  const { inputs, selected, guestSkillsDirectory } = request;
  return {
    workspace:
      inputs.workspace === inputs.checkout
        ? selected.source('bottle.workspace.path')
        : 'input workspace',
    exclude: selected.source('bottle.workspace.exclude'),
    prompt: selected.source('agent.prompt'),
    task: inputs.task.kind === 'file' ? 'input task-file' : 'input task',
    skills: selected.source('agent.skills'),
    skillsDirectory: guestSkillsDirectory === '' ? 'default' : SKILLS_VARIABLE,
    gitName: selected.source('bottle.git-gate.user.name'),
    gitEmail: selected.source('bottle.git-gate.user.email'),
  };
}

function skillsDirectory({ guestSkillsDirectory: given }: PlanRequest, home: GuestPath): GuestPath {
  if (given === '') return `${home}/.claude/skills`;
  const path = given.replace(/(?<=.)\/$/, '');
  const whole = path.startsWith('/') && path !== '/' && posix.normalize(path) === path;
  if (whole && !/\p{Cc}/u.test(path)) return path;
  throw new BottleError({
    outcome: 'config-invalid',
    what: 'The place for skills in the guest is not an absolute path',
    where: `environment variable ${SKILLS_VARIABLE}, ${JSON.stringify(given)}`,
    fix: `Set it to a directory of the guest such as ${home}/.claude/skills, without "." and "..", or leave it out.`,
  });
}
