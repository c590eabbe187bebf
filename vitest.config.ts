import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    reporters: ['default', './test/not-run-reporter.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
    // It imports JSON in a way that only bundlers take.
    server: { deps: { inline: ['@actions/workflow-parser'] } },
  },
});
