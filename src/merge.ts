/** The step that merges a fleet's runs: entry of `dist/merge`. */
import { createHost } from './host/actions.ts';
import { createServices } from './host/services.ts';
import { runMerge } from './merge/merge.ts';

const host = createHost();
await runMerge(host, createServices());
host.exit();
