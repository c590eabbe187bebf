/** The post step: entry of `dist/post`. */
import { cleanUp } from './cleanup.ts';
import { createHost } from './host/actions.ts';

const host = createHost();
await cleanUp(host);
host.exit();
