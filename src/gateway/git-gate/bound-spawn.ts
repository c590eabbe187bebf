/** Programs that end with the gateway, however that ends: what nobody waits for must reach no upstream. */
import type { Host } from '../../host/host.ts';

/** Descriptor 3 is closed when the gateway is gone; the group is this shell and all below it. */
const SCRIPT = '{ read -r _ <&3; kill -KILL 0; } & "$@" 3<&-; code=$?; kill $!; exit $code';

export function bindSpawn(spawn: Host['spawn']): Host['spawn'] {
  return (argv, options) =>
    spawn(['/bin/sh', '-c', SCRIPT, 'sh', ...argv], {
      ...options,
      onChannel: (channel) => channel.on('error', () => {}),
    });
}
