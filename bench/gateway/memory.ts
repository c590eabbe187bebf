/** Watches how much memory a process holds while it works. */
import { readFileSync } from 'node:fs';
import { median } from '../row.ts';

export type Memory = { readonly firstMib: number; readonly lastMib: number };

const EVERY_MS = 50;

/** Medians of the first and the last fifth of the time that `work` takes, from /proc/PID/status. */
export async function watchMemory(pid: number, work: () => Promise<unknown>): Promise<Memory> {
  const samples: number[] = [];
  const timer = setInterval(() => samples.push(residentMib(pid)), EVERY_MS);
  try {
    await work();
  } finally {
    clearInterval(timer);
  }
  const fifth = Math.ceil(samples.length / 5);
  return {
    firstMib: median(samples.slice(0, fifth)),
    lastMib: median(samples.slice(-fifth)),
  };
}

function residentMib(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
}
