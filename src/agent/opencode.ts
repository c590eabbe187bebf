/** Provider `opencode`: where its model is; this version cannot run it yet. */
import { BottleError } from '../errors.ts';
import type { Provider } from './provider.ts';

export const opencode: Provider = {
  template: 'opencode',
  program: { npm: 'opencode-ai', binary: 'opencode' },
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
      what: 'The agent provider "opencode" cannot run in this version',
      where: `agent_provider.template, ${source('template')}`,
      fix: 'Use "template: claude", or "template: command" with a command of your own.',
    });
  },
  reader: () => ({ line: () => [], end: () => [] }),
};
