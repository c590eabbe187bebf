/** The gateway process: entry of `dist/gateway`. */
import { serveGateway } from './gateway/server.ts';
import { spawnProcess } from './host/process.ts';
import { standardStreams } from './host/streams.ts';

await serveGateway(standardStreams(), spawnProcess);
