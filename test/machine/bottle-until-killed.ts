/** A process that runs a command in a bottle for ever. Argument: the directory of the test. */
import { bubblewrapEngine } from '../../src/machine/bubblewrap/bubblewrap.ts';
import { bottleSpec } from './bottle.ts';
import { engineHost } from './engine-host.ts';

const machine = await bubblewrapEngine(engineHost()).create(bottleSpec(process.argv[2] ?? ''));
await machine.exec(['sh', '-c', 'setsid sleep 1000 & echo ready; wait'], {
  onStdout: (chunk) => void process.stdout.write(chunk),
});
