import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: ['test/support/leak-check.ts'],
    pool: 'forks',
    testTimeout: 30_000,
    hookTimeout: 30_000,
    coverage: {
      include: ['server/**', 'client/**', 'wire/**'],
      exclude: ['**/*.d.ts', 'client/web/dist/**', 'client/web/page/**'],
      reporter: ['text', 'json-summary'],
    },
  },
})
