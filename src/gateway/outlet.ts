/** Tells the action what happens, no faster than it listens. */
import type { StandardStreams } from '../host/streams.ts';
import type { GatewayMessage } from './protocol.ts';

export type Outlet = {
  send(message: GatewayMessage): void;
  /** Undefined: now. Else new requests wait until the action has caught up. */
  ready(): Promise<void> | undefined;
};

export function makeOutlet(streams: StandardStreams): Outlet {
  let drained: Promise<void> | undefined;
  return {
    send: (message) => {
      if (streams.writeLine(JSON.stringify(message)) || drained !== undefined) return;
      drained = streams.drained().then(() => {
        drained = undefined;
      });
    },
    ready: () => drained,
  };
}
