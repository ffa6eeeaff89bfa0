import { availableParallelism } from 'node:os'
import path from 'node:path'
import { defineConfig } from 'vitest/config'

/** Files that replace a module, which would stay replaced for the next file of the same process. */
const MOCKING = ['test/integration/routed/hidden-hooks.test.ts']

const IN_PROCESS = ['test/{unit,property,architecture}/**/*.test.ts']

/** Suites of calls and of the port, which hold on every lane. */
const LANE_SUITES = [
  'abort-input',
  'access-log',
  'allowed-hosts',
  'authorities',
  'buf-curl',
  'compat',
  'cors',
  'drain',
  'drain-cut',
  'errors',
  'fastify',
  'grpc-js',
  'health',
  'hostile',
  'hostile-heads',
  'limits',
  'limits-of-time',
  'matrix',
  'matrix-get',
  'port',
  'port-tls',
  'reflection',
]

export default defineConfig({
  test: {
    projects: [
      { extends: true, test: { name: 'in process', include: IN_PROCESS } },
      { extends: true, test: { name: 'sockets', include: ['test/integration/**/*.test.ts'], exclude: MOCKING } },
      { extends: true, test: { name: 'mocked modules', include: MOCKING, isolate: true } },
      { extends: true, test: { name: 'browser', include: ['test/browser/**/*.test.ts'] } },
      {
        extends: true,
        test: {
          name: 'reference lane',
          include: LANE_SUITES.map((name) => `test/integration/${name}.test.ts`),
          env: { TEST_LANE: 'reference' },
        },
      },
    ],
    setupFiles: ['test/support/leak-check.ts'],
    pool: 'forks',
    // Files share the processes of a project: to start one and import the server takes a second of CPU, most tests less.
    isolate: false,
    // Programs that tests start are compiled once.
    env: { NODE_COMPILE_CACHE: path.resolve(import.meta.dirname, '.cache/compile') },
    // Tests wait for sockets more than they compute.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // What CI shares its machine with can starve a test of sockets; a test that fails twice is broken.
    retry: process.env.CI ? 1 : 0,
    coverage: {
      include: ['server/**', 'client/**', 'wire/**'],
      exclude: ['**/*.d.ts', 'client/web/dist/**', 'client/web/page/**'],
      reporter: ['text', 'json-summary'],
    },
  },
})
