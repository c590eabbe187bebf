/** Provider `command`: any program, or a shell script from the manifest. */
import { BottleError } from '../errors.ts';
import type { Provider } from './provider.ts';

export const commandProvider: Provider = {
  template: 'command',
  argv: ({ command = [] }, source) => {
    if (command.length === 0) throw noCommand(source);
    return typeof command === 'string' ? ['/bin/sh', '-c', command] : command;
  },
};

function noCommand(source: string): BottleError {
  return new BottleError({
    outcome: 'config-invalid',
    what: 'The provider "command" has no command',
    where: `agent_provider, ${source}`,
    fix: 'Add "command": a list (program and arguments) or a string (a script for /bin/sh).',
  });
}
