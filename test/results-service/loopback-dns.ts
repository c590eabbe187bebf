/** Preloaded into a client's process: Azure's blob hosts are this machine. */
import dns from 'node:dns';
import { syncBuiltinESMExports } from 'node:module';

const realLookup = dns.lookup;

dns.lookup = ((host: string, ...rest: [never, never]) =>
  realLookup(
    host.endsWith('.blob.core.windows.net') ? '127.0.0.1' : host,
    ...rest,
  )) as typeof dns.lookup;
syncBuiltinESMExports();
