/** Provider `gemini`: where its model is; this version cannot run it yet. */
import { BottleError } from '../errors.ts';
import type { Provider } from './provider.ts';

export const gemini: Provider = {
  template: 'gemini',
  program: { npm: '@google/gemini-cli', binary: 'gemini' },
  model: {
    host: 'generativelanguage.googleapis.com',
    meter: 'gemini',
    key: () => ({
      scheme: 'header',
      header: 'x-goog-api-key',
      variable: 'GEMINI_API_KEY',
      prefix: '',
    }),
  },
  resumes: false,
  knowsSchema: false,
  prepare({ source }) {
    throw new BottleError({
      outcome: 'config-invalid',
      what: 'The agent provider "gemini" cannot run in this version',
      where: `agent_provider.template, ${source('template')}`,
      fix: 'Use "template: claude", or "template: command" with a command of your own.',
    });
  },
  reader: () => ({ line: () => [], end: () => [] }),
};
