/** Provider `command`: any program, or a shell script from the manifest. */
import { BottleError } from '../errors.ts';
import { readingSchema } from './event.ts';
import { parseLine } from './json-line.ts';
import type { AgentReader, AgentRequest, Provider } from './provider.ts';

export const command: Provider = {
  template: 'command',
  resumes: false,
  sessionPaths: [],
  // It finds the schema in a file, and its task as it was given.
  knowsSchema: true,
  countsSession: false,
  prepare: (request) => ({
    argv: argvOf(request),
    files: [],
    // Where it may write our events, one JSON object a line; what else it writes there is text.
    env: { BOTTLE_EVENTS_FD: '1' },
    skills: `${request.home}/.claude/skills`,
    exitCodes: request.settings.exit_codes ?? {},
    notices: [],
  }),
  reader: readCommand,
};

function argvOf({ settings: { command: given = [] }, source }: AgentRequest): readonly string[] {
  if (given.length === 0) throw noCommand(source('command'));
  return typeof given === 'string' ? ['/bin/sh', '-c', given] : given;
}

/** A line that is one of our events counts as such; all others are text. */
function readCommand(): AgentReader {
  return {
    line(text) {
      const said = readingSchema.safeParse(parseLine(text));
      return said.success ? [said.data] : undefined;
    },
    end: () => [],
  };
}

function noCommand(source: string): BottleError {
  return new BottleError({
    outcome: 'config-invalid',
    what: 'The provider "command" has no command',
    where: `agent_provider, ${source}`,
    fix: 'Add "command": a list (program and arguments) or a string (a script for /bin/sh).',
  });
}
