/** Calls GitHub's real clients, in a process of its own: they read the environment when they are imported. */
import { writeFile } from 'node:fs/promises';
import { argv, env } from 'node:process';
import { DefaultArtifactClient } from '@actions/artifact';
import * as cache from '@actions/cache';

/** `[client, method, ...arguments]` each; argv[2] is a JSON list of them. Results go to RESULT_FILE. */
export type Call = readonly ['artifact' | 'cache', string, ...unknown[]];

type Client = Record<string, (...args: unknown[]) => unknown>;

const clients = {
  artifact: new DefaultArtifactClient() as unknown as Client,
  cache: cache as unknown as Client,
};

const results: unknown[] = [];
for (const [client, method, ...args] of JSON.parse(argv[2] ?? '[]') as Call[]) {
  try {
    results.push({ value: await clients[client][method]?.(...args) });
  } catch (error) {
    results.push({ error: String(error) });
  }
}
await writeFile(env.RESULT_FILE ?? '', JSON.stringify(results));
