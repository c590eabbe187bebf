/**
 * A job's process: ensures the image of argv[2] (JSON) with the real host and clients, then ends.
 */
import { writeFileSync } from 'node:fs';
import { BottleError } from '../../src/errors.ts';
import { createHost } from '../../src/host/actions.ts';
import { createServices } from '../../src/host/services.ts';
import { ensureImage } from '../../src/image/image.ts';
import { packFault } from '../../src/image/pack-fault.ts';
import { peakMemory } from './peak-memory.ts';

const host = createHost();
const { RESULT_FILE = '', AWAIT_SAVE } = process.env;
try {
  const request = JSON.parse(process.argv[2] ?? '');
  const { image, facts, saved } = await ensureImage(host, createServices(), request);
  const taken = AWAIT_SAVE ? await saved : undefined;
  writeFileSync(RESULT_FILE, JSON.stringify({ image, facts, taken, memoryBytes: peakMemory() }));
} catch (error) {
  const { outcome, what, where, fix } = error instanceof BottleError ? error : {};
  const text = error instanceof BottleError ? '' : String((error as Error).stack ?? error);
  const fault = packFault(error);
  writeFileSync(RESULT_FILE, JSON.stringify({ error: { outcome, what, where, fix, text, fault } }));
}
host.exit();
