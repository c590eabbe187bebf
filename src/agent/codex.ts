/** Provider `codex`: where its model is; this version cannot run it yet. */
import { BottleError } from '../errors.ts';
import type { Provider } from './provider.ts';

export const codex: Provider = {
  template: 'codex',
  program: { npm: '@openai/codex', binary: 'codex' },
  model: {
    host: 'api.openai.com',
    meter: 'openai',
    key: () => ({
      scheme: 'Bearer',
      header: 'authorization',
      variable: 'OPENAI_API_KEY',
      prefix: 'sk-',
    }),
  },
  resumes: false,
  knowsSchema: false,
  prepare({ source }) {
    throw new BottleError({
      outcome: 'config-invalid',
      what: 'The agent provider "codex" cannot run in this version',
      where: `agent_provider.template, ${source('template')}`,
      fix: 'Use "template: claude", or "template: command" with a command of your own.',
    });
  },
  reader: () => ({ line: () => [], end: () => [] }),
};
