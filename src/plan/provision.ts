/** What goes into the guest, and where: bot-bottle's own places, which agents' files refer to. */
import { posix } from 'node:path';
import type { PreparedAgent } from '../agent/provider.ts';
import { BottleError } from '../errors.ts';
import type { GuestPath } from '../machine/machine.ts';
import type { PlanRequest } from './make-plan.ts';
import type { ProvisionPlan, ProvisionSources } from './plan.ts';

/** The variable with which bot-bottle's users move the skills. */
const SKILLS_VARIABLE = 'CLAUDE_BOTTLE_GUEST_SKILLS_DIR';

type Places = Pick<ProvisionPlan, 'workspace' | 'prompt' | 'task'>;

/** What an agent has to know of before it can say what else it needs. */
export function planPlaces(request: PlanRequest, home: GuestPath): Places {
  const { agent, bottle } = request.selected;
  return {
    workspace: {
      from: request.workspace,
      to: `${home}/workspace`,
      exclude: bottle.workspace?.exclude ?? [],
      pinned: request.pinned,
    },
    prompt: { text: agent.prompt, to: `${home}/.claude-bottle-prompt.txt` },
    task: { text: request.task, to: `${home}/.bottle/task.md` },
  };
}

export function planProvision(
  request: PlanRequest,
  home: GuestPath,
  places: Places,
  agent: Pick<PreparedAgent, 'files' | 'skills'>,
): ProvisionPlan {
  const { agentName, bottle } = request.selected;
  const user = bottle['git-gate']?.user;
  return {
    ...places,
    skills: { list: request.skills, to: skillsDirectory(request, agent.skills) },
    session: sessionFiles(request, home),
    agentFiles: agent.files,
    outputDirectory: `${home}/outputs`,
    gitUser: {
      name: user?.name ?? agentName,
      email: user?.email ?? `${agentName}@bottle.invalid`,
    },
  };
}

/** Back to where they were. */
function sessionFiles({ session }: PlanRequest, home: GuestPath): ProvisionPlan['session'] {
  return (session?.files ?? []).map(({ path, ...file }) => ({ to: `${home}/${path}`, ...file }));
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

function skillsDirectory({ guestSkillsDirectory: given }: PlanRequest, own: GuestPath): GuestPath {
  if (given === '') return own;
  const path = given.replace(/(?<=.)\/$/, '');
  const whole = path.startsWith('/') && path !== '/' && posix.normalize(path) === path;
  if (whole && !/\p{Cc}/u.test(path)) return path;
  throw new BottleError({
    outcome: 'config-invalid',
    what: 'The place for skills in the guest is not an absolute path',
    where: `environment variable ${SKILLS_VARIABLE}, ${JSON.stringify(given)}`,
    fix: `Set it to a directory of the guest such as ${own}, without "." and "..", or leave it out.`,
  });
}
