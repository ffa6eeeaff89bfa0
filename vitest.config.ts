import { availableParallelism } from 'node:os'
import path from 'node:path'
import { defineConfig } from 'vitest/config'
import { isDeep } from './test/support/depth.ts'

/** Suites that replace modules or timers, to which shared state, such as the timers of deadlines, would stay bound. */
const OWN_PROCESS = ['channel-patience', 'connection-limits', 'drain', 'routed/hidden-hooks']

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
  // The largest: its calls on the reference lane are those of Connect's own plugin.
  ...(isDeep ? ['matrix'] : []),
  'matrix-get',
  'port',
  'port-tls',
  'reflection',
]

const OWN_PROCESS_ON_REFERENCE = LANE_SUITES.filter((name) => OWN_PROCESS.includes(name))

const ON_REFERENCE = { TEST_LANE: 'reference' }

function filesOf(suites: readonly string[]): string[] {
  return suites.map((name) => `test/integration/${name}.test.ts`)
}

export default defineConfig({
  test: {
    projects: [
      { extends: true, test: { name: 'in process', include: IN_PROCESS } },
      {
        extends: true,
        test: { name: 'sockets', include: ['test/integration/**/*.test.ts'], exclude: filesOf(OWN_PROCESS) },
      },
      { extends: true, test: { name: 'own process', include: filesOf(OWN_PROCESS), isolate: true } },
      { extends: true, test: { name: 'browser', include: ['test/browser/**/*.test.ts'] } },
      // Part of `npm run pages`.
      { extends: true, test: { name: 'pages', include: ['test/pages/**/*.test.ts'] } },
      // `npm run brokers`, which needs etcd and Redis.
      { extends: true, test: { name: 'brokers', include: ['test/brokers/**/*.test.ts'] } },
      {
        extends: true,
        test: {
          name: 'reference lane',
          include: filesOf(LANE_SUITES),
          exclude: filesOf(OWN_PROCESS),
          env: ON_REFERENCE,
        },
      },
      {
        extends: true,
        test: {
          name: 'reference lane, own process',
          include: filesOf(OWN_PROCESS_ON_REFERENCE),
          env: ON_REFERENCE,
          isolate: true,
        },
      },
    ],
    setupFiles: ['test/support/leak-check.ts', 'test/support/secret-check.ts'],
    pool: 'forks',
    // Test files of a project share processes: starting one and importing the server takes longer than most tests.
    isolate: false,
    // Programs that tests start are compiled once.
    env: { NODE_COMPILE_CACHE: path.resolve(import.meta.dirname, '.cache/compiled') },
    // Tests wait for sockets more than they compute.
    maxWorkers: Math.max(3, availableParallelism() - 1),
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // What CI shares its machine with can starve a test of sockets; a test that fails twice is broken.
    retry: process.env.CI ? 1 : 0,
    coverage: {
      include: ['server/**', 'client/**', 'registry/**', 'wire/**'],
      exclude: ['**/*.d.ts', 'client/web/dist/**', 'client/web/page/**'],
      reporter: ['text', 'json-summary'],
    },
  },
})
