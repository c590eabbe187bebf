/** What it takes to run one kind of agent in a bottle: one file a provider, and this list. */
import { BottleError } from '../errors.ts';
import { commandProvider } from './command.ts';

/** How the manifest describes the agent's program. */
export type ProviderSettings = {
  /** The program and its arguments, or a script for `/bin/sh -c`; absent when the manifest has none. */
  readonly command?: string | readonly string[] | undefined;
};

export type Provider = {
  readonly template: string;
  /** The argv that is run in the guest, with the task on stdin. Throws `config-invalid`. */
  argv(settings: ProviderSettings, source: string): readonly string[];
};

const PROVIDERS: readonly Provider[] = [commandProvider];

/** @throws {BottleError} `config-invalid` when this version cannot run that template. */
export function findProvider(template: string, source: string): Provider {
  const provider = PROVIDERS.find((candidate) => candidate.template === template);
  if (provider !== undefined) return provider;
  throw new BottleError({
    outcome: 'config-invalid',
    what: `The agent provider "${template}" cannot run in this version: its model would need a route out, and the gateway has none yet`,
    where: `agent_provider.template, ${source}`,
    fix: `Use "template: command" with a command of your own. Templates that run: ${PROVIDERS.map((p) => p.template).join(', ')}.`,
  });
}
