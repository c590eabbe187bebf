/** The one hook of the gate's repositories: it asks the gateway whether a push may go on. */
import type { Duplex } from 'node:stream';
import type { PushedRef } from '../protocol.ts';

/** A push that has arrived, in a quarantine of its own: no ref leads to its objects yet. */
export type ArrivedPush = {
  /** Where they are; empty: there are none, for refs are only deleted. */
  readonly objects: string;
  readonly refs: readonly PushedRef[];
};

/** `pre-receive` (githooks(5)); what it prints is what the guest's git shows after `remote:`. */
export const HOOK = `#!/bin/sh
# Descriptor 3 leads to the gateway: it is told of the push, and answers what to print and what to do.
{ printf '%s\\n' "$GIT_OBJECT_DIRECTORY" && cat && echo end; } >&3 || exit 1
while IFS= read -r line <&3; do
  case $line in
    'say '*) printf '%s\\n' "\${line#say }" ;;
    accept) exit 0 ;;
    *) exit 1 ;;
  esac
done
exit 1
`;

const END = '\nend\n';
/** Beyond any push that is meant well; git would send on any number of refs. */
const MAX_BYTES = 8 * 1024 * 1024;
const UPDATE = /^([0-9a-f]{40,64}) ([0-9a-f]{40,64}) (.+)$/;

/** What the hook tells. Rejects when it ends before, or tells more than a push may hold. */
export async function hearHook(channel: Duplex): Promise<ArrivedPush> {
  let text = '';
  for await (const chunk of channel.iterator({ destroyOnReturn: false })) {
    text += Buffer.from(chunk).toString('latin1');
    if (text.endsWith(END)) return parsePush(text.slice(0, -END.length));
    if (text.length > MAX_BYTES) break;
  }
  throw new Error('the hook did not say what was pushed');
}

export function answerHook(channel: Duplex, accepted: boolean, said: readonly string[]): void {
  const lines = said.map((line) => `say ${line.replaceAll('\n', ' ')}\n`);
  channel.end(`${lines.join('')}${accepted ? 'accept' : 'refuse'}\n`);
}

function parsePush(text: string): ArrivedPush {
  const [objects = '', ...updates] = Buffer.from(text, 'latin1').toString().split('\n');
  const refs = updates.map((line): PushedRef => {
    const [, old, now, ref] = UPDATE.exec(line) ?? [];
    if (old === undefined || now === undefined || ref === undefined) {
      throw new Error('the hook said what is no update of a ref');
    }
    return { ref, old, new: now };
  });
  return { objects, refs };
}
