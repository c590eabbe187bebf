/** Which program the agent is: one version from npm, or whatever the image has under its name. */
import { posix } from 'node:path';
import type { Provider } from '../agent/provider.ts';
import { BottleError } from '../errors.ts';
import type { GuestPath } from '../machine/machine.ts';
import type { PlanRequest } from './make-plan.ts';
import type { ProgramPlan, Sourced } from './plan.ts';

/** No image's own, and nobody in the guest may write there. */
const PLACE: GuestPath = '/opt/bottle/agent';

/** @throws {BottleError} `config-invalid`: npm has no program for this processor. */
export function planProgram(request: PlanRequest): Sourced<ProgramPlan> {
  const { selected, provider } = request;
  const { version } = selected.bottle.agent_provider;
  const { program } = provider;
  if (program === undefined) {
    const source = selected.source('bottle.agent_provider.template');
    return { value: { kind: 'command' }, source };
  }
  const source = selected.source('bottle.agent_provider.version');
  const { npm, binary, tellsVersion } = program;
  if (version === undefined) return { value: { kind: 'image', binary, tellsVersion }, source };
  const file = fileFor(program.files, request.arch, source);
  return { value: { kind: 'npm', npm, version, file, to: PLACE }, source };
}

/** What is run: a name for the guest's PATH, or a path in it. */
export function programPath(program: ProgramPlan): string {
  switch (program.kind) {
    case 'command':
      return '';
    case 'image':
      return program.binary;
    case 'npm':
      return posix.join(program.to, program.file);
  }
}

type Files = NonNullable<Provider['program']>['files'];

function fileFor(files: Files, arch: string, source: string): string {
  if (arch === 'x64' || arch === 'arm64') return files[arch];
  throw new BottleError({
    outcome: 'config-invalid',
    what: `The agent's program is not made for this runner's processor, ${arch}`,
    where: `agent_provider.version, ${source}`,
    fix: 'Take a runner with an x64 or arm64 processor, or leave "version" out and bring an image with it.',
  });
}
