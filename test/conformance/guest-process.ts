/** Processes as the runner and as a guest see them. */
import { globSync, readFileSync } from 'node:fs';
import type { Smolvm } from './smolvm.ts';

/** The argv of every process on the runner that can be read, words joined by spaces. */
export function commandLines(): string[] {
  return globSync('/proc/[0-9]*/cmdline').map((path) => {
    try {
      return readFileSync(path, 'latin1').replaceAll('\0', ' ');
    } catch {
      return '';
    }
  });
}

/** The machine monitors that work in `directory`. */
export function monitorsOf(directory: string): string[] {
  return commandLines().filter((line) => line.includes('_boot-vm') && line.includes(directory));
}

const LIST = 'for f in /proc/[0-9]*/cmdline; do tr "\\0" " " <"$f"; echo; done 2>/dev/null';

/** The command lines of a guest, without the shell that lists them. */
export async function guestCommandLines(smolvm: Smolvm, name: string): Promise<string[]> {
  const { stdout } = await smolvm.exec(name, '--', 'sh', '-c', LIST);
  return stdout.split('\n').filter((line) => line !== '' && !line.includes('cmdline'));
}
