/** A process of an ordinary user that boots a bottle, asks who is in it, and removes it. */
import { bubblewrapEngine } from '../../src/machine/bubblewrap/bubblewrap.ts';
import { bootBottle } from './bottle.ts';
import { engineHost } from './engine-host.ts';
import { gather } from './gather.ts';

const parent = process.argv[2] ?? '';
const machine = await bootBottle({ parent, spec: { stateDir: `${parent}/state` } });
const { text } = await gather(machine, [
  ...['sh', '-c'],
  `mkdir ~/a; touch ~/a/file; chmod 0 ~/a; echo "$(id -u) $(id -un) $(perl -MSocket -e '
    socket(S, PF_UNIX, SOCK_STREAM, 0);
    connect(S, pack_sockaddr_un("/run/bottle/gateway.sock")) and print <S>')"`,
]);
const engine = bubblewrapEngine(engineHost());
const removed = await engine.destroy({
  engine: 'bubblewrap',
  name: machine.name,
  stateDir: `${parent}/state`,
});
process.stdout.write(`${text}removed ${removed}\n`);
await machine.destroy();
