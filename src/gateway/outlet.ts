/** Tells the action what happens, no faster than it listens. */
import type { StandardStreams } from '../host/streams.ts';
import type { GatewayMessage } from './protocol.ts';

export type Outlet = {
  send(message: GatewayMessage): void;
  /** Says what is not said yet. */
  flush(): void;
  /** Undefined: now. Else new requests wait until the action has caught up. */
  ready(): Promise<void> | undefined;
};

/** What comes within this time goes out together: a write for each costs more than the rest of it. */
const TOGETHER_MS = 4;

export function makeOutlet(streams: StandardStreams): Outlet {
  let waiting: string[] = [];
  let drained: Promise<void> | undefined;
  const flush = () => {
    if (waiting.length === 0) return;
    const lines = waiting.join('\n');
    waiting = [];
    if (streams.writeLine(lines) || drained !== undefined) return;
    drained = streams.drained().then(() => {
      drained = undefined;
    });
  };
  return {
    send: (message) => {
      if (waiting.push(JSON.stringify(message)) === 1) setTimeout(flush, TOGETHER_MS);
    },
    flush,
    ready: () => drained,
  };
}
