/** The step: entry of `dist/main`. */
import { runAction } from './action.ts';
import { guardHost } from './guarded-host.ts';
import { createHost } from './host/actions.ts';
import { createServices } from './host/services.ts';

const host = createHost();
await runAction(guardHost(host), createServices());
host.exit();
