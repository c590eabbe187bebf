/** The engine of a given name. */
import type { Host, HostPath } from '../host/host.ts';
import { bubblewrapEngine } from './bubblewrap.ts';
import type { Engine, EngineName } from './machine.ts';
import { smolvmEngine } from './smolvm.ts';

/** `binary`: the smolvm program; bubblewrap finds its own on PATH. */
export function createEngine(host: Host, name: EngineName, binary: HostPath): Engine {
  return name === 'smolvm' ? smolvmEngine(host, { binary }) : bubblewrapEngine(host);
}
