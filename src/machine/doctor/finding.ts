/** Findings of the doctor, by how bad they are. */
import type { Finding } from '../machine.ts';

export function ok(probe: string, found: string): Finding {
  return { probe, found, level: 'ok', remedy: '' };
}

/** A bottle boots all the same. */
export function warn(probe: string, found: string, remedy: string): Finding {
  return { probe, found, level: 'warn', remedy };
}

/** No bottle boots. */
export function fail(probe: string, found: string, remedy: string): Finding {
  return { probe, found, level: 'fail', remedy };
}
