/** Writes back what another job's agent proposed: entry of `dist/apply`. */
import { applyAction } from './apply/story.ts';
import { guardHost } from './guarded-host.ts';
import { createHost } from './host/actions.ts';
import { createServices } from './host/services.ts';

const host = createHost();
await applyAction(guardHost(host), createServices());
host.exit();
