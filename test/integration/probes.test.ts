/** `/livez`, `/readyz` and `/startedz`, as orchestrators ask them. */

import { fastify } from 'fastify'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type AppOptions, createApp } from '../../server/app.ts'
import { portico } from '../../server/plugin.ts'
import { serve } from '../../server/serve.ts'
import { HealthStatus } from '../../server/services/health/health-status.ts'
import { startRoutes } from '../support/demo-server.ts'
import { exchangeHttp1, exchangeHttp2 } from '../support/exchange.ts'
import { LogCapture } from '../support/log-capture.ts'

const NEVER_AGAIN_MS = 86_400_000
const SECRET = 'postgres://admin:hunter2@10.0.0.7'

/** Starts a server with checks, and asks its probes over HTTP/1.1. */
async function start(options: Partial<AppOptions> = {}) {
  const log = new LogCapture()
  const server = await startRoutes({ routes: () => {}, logger: log.logger, ...options })
  const ask = async (path: string) => {
    const { status, body } = await exchangeHttp1(server.origin, { method: 'GET', path })
    return [status, JSON.parse(body.toString())]
  }
  const askAll = async () => Object.fromEntries(await Promise.all(['/livez', '/readyz', '/startedz'].map(asked)))
  const asked = async (path: string) => [path.slice(1), (await ask(path))[0]]
  return { ...server, log, ask, askAll }
}

test('every probe answers 200 over both HTTP versions while the server serves', async () => {
  const { origin, ask } = await start()
  for (const path of ['/livez', '/readyz', '/startedz']) {
    expect(await ask(path)).toEqual([200, { status: 'ok' }])
    const { status, headers } = await exchangeHttp2(origin, { method: 'GET', path })
    expect(status).toBe(200)
    expect(headers['cache-control']).toBe('no-store')
    expect((await exchangeHttp1(origin, { method: 'HEAD', path })).status).toBe(200)
  }
})

test('a server starts once its critical checks have run: until then it is live, but neither started nor ready', async () => {
  const first = Promise.withResolvers<void>()
  const { ask, askAll } = await start({
    healthChecks: {
      database: { check: () => first.promise },
      cache: { check: () => new Promise(() => {}), weight: 'minor' },
    },
  })
  expect(await askAll()).toEqual({ livez: 200, readyz: 503, startedz: 503 })
  expect(await ask('/readyz')).toEqual([503, { status: 'starting' }])
  expect(await ask('/startedz?verbose')).toEqual([
    503,
    {
      status: 'starting',
      checks: [
        { name: 'database', weight: 'critical', status: 'pending' },
        { name: 'cache', weight: 'minor', status: 'pending' },
      ],
    },
  ])
  first.resolve()
  await expect.poll(askAll).toEqual({ livez: 200, readyz: 200, startedz: 200 })
})

describe.each([
  ['fatal', { livez: 503, readyz: 503, startedz: 200 }],
  ['critical', { livez: 200, readyz: 503, startedz: 200 }],
  ['minor', { livez: 200, readyz: 200, startedz: 200 }],
] as const)('a %s check', (weight, failing) => {
  test('that fails shows in the probes, and its error only in the log, once', async () => {
    let isUp = true
    const check = () => {
      if (!isUp) throw new Error(`${SECRET} refused`)
    }
    const { health, log, ask, askAll } = await start({
      healthChecks: { database: { check, weight, intervalMs: NEVER_AGAIN_MS } },
    })
    await health.runChecks()
    expect(await askAll()).toEqual({ livez: 200, readyz: 200, startedz: 200 })
    isUp = false
    for (let run = 0; run < 3; run++) await health.runChecks()
    expect(await askAll()).toEqual(failing)
    for (const path of ['/livez?verbose', '/readyz?verbose=true', '/startedz?verbose=1']) {
      const [, body] = await ask(path)
      expect(body.checks).toEqual([{ name: 'database', weight, status: 'failing' }])
      expect(JSON.stringify(body)).not.toContain('hunter2')
    }
    const lines = log.withMessage('health check failed')
    expect(lines).toMatchObject([{ check: 'database', weight, err: { message: `${SECRET} refused` } }])
    isUp = true
    await health.runChecks()
    expect(await askAll()).toEqual({ livez: 200, readyz: 200, startedz: 200 })
    expect(log.withMessage('health check passes again')).toMatchObject([{ check: 'database' }])
  })
})

test('only those who may see the checks get them', async () => {
  const healthChecks = { database: { check: () => true } }
  const hidden = await start({ healthChecks, showsHealthChecks: false })
  expect((await hidden.ask('/livez?verbose'))[1]).toEqual({ status: 'ok' })
  const some = await start({ healthChecks, showsHealthChecks: ({ query }) => Object.hasOwn(query as object, 'me') })
  expect((await some.ask('/livez?verbose'))[1]).toEqual({ status: 'ok' })
  expect((await some.ask('/livez?verbose&me'))[1]).toMatchObject({ checks: [{ name: 'database' }] })
  for (const query of ['', '?', '?verbose=false', '?verbose=0', '?verbose=yes&verbose=no', '?Verbose']) {
    expect((await some.ask(`/livez${query}${query ? '&' : '?'}me`))[1], query).toEqual({ status: 'ok' })
  }
})

test.each([
  [
    'throws',
    () => {
      throw new Error(SECRET)
    },
  ],
  ['rejects', () => Promise.reject(new Error(SECRET))],
  ['resolves with false', async () => false],
  ['returns what is not a boolean', () => 'yes' as unknown as boolean],
])('the checks are hidden, and the probe answers, if the function that decides %s', async (how, showsHealthChecks) => {
  const { ask, log } = await start({ healthChecks: { database: { check: () => true } }, showsHealthChecks })
  expect(await ask('/livez?verbose')).toEqual([200, { status: 'ok' }])
  const failures = log.withMessage('showsHealthChecks failed; the checks are hidden').length
  expect(failures).toBe(/throws|rejects/.test(how) ? 1 : 0)
})

test('a function that decides may be async', async () => {
  const healthChecks = { database: { check: () => true } }
  const { ask } = await start({ healthChecks, showsHealthChecks: async () => true })
  expect((await ask('/livez?verbose'))[1]).toMatchObject({ checks: [{ name: 'database' }] })
})

test('a drain fails readiness only', async () => {
  const { health, askAll } = await start({ healthChecks: { database: { check: () => true } } })
  await health.runChecks()
  health.shutdown()
  expect(await askAll()).toEqual({ livez: 200, readyz: 503, startedz: 200 })
})

test('checks also run without the health service', async () => {
  const { ask } = await start({ servesHealth: false, healthChecks: { database: { check: () => false } } })
  await expect.poll(() => ask('/readyz')).toEqual([503, { status: 'not serving' }])
})

test('checks stop before what they need is released, so that a drain reports no failure', async () => {
  const log = new LogCapture()
  let isOpen = true
  let signal: AbortSignal | undefined
  const running = await serve({
    argv: ['--port', '0'],
    env: {},
    ownsProcess: false,
    logger: log.logger,
    routes(_router, { health, onClose }) {
      onClose(async () => {
        isOpen = false
        await health.runChecks()
      })
      const check = (given: AbortSignal) => {
        signal ??= given
        if (!isOpen) throw new Error('the pool has ended')
        return new Promise(() => {})
      }
      health.addCheck('database', { check, startsAs: 'passing' })
    },
  })
  expect(signal?.aborted).toBe(false)
  await running.drain()
  expect(signal?.aborted).toBe(true)
  expect(log.withMessage('health check failed')).toEqual([])
})

test('setup and routes may add checks, and the server starts only with them', async () => {
  const running = await serve({
    argv: ['--port', '0'],
    env: {},
    ownsProcess: false,
    logger: false,
    routes: (_router, { health }) => void health.addCheck('a', { check: () => true }),
    setup: (_fastify, { health }) => void health.addCheck('b', { check: () => true }),
    healthChecks: { c: { check: () => true } },
  })
  onTestFinished(async () => void (await running.drain()))
  expect(running.health.listChecks().map(({ name }) => name)).toEqual(['c', 'a', 'b'])
  await expect.poll(() => running.health.isReady).toBe(true)
})

test('the plugin runs the checks of its registry while the server is open', async () => {
  const health = new HealthStatus()
  const runs: string[] = []
  health.addCheck('database', { check: () => void runs.push('run') })
  const app = fastify()
  await app.register(portico, { routes: () => {}, health })
  expect(runs).toEqual([])
  await app.ready()
  await expect.poll(() => health.isReady).toBe(true)
  await app.close()
  expect(runs).toEqual(['run'])
})

test('createApp rejects checks that are not valid', async () => {
  const options = { routes: () => {}, healthChecks: { database: { check: () => true, intervalMs: 1 } } }
  await expect(createApp(options)).rejects.toThrow(
    'health check "database": intervalMs is 1: it must be a whole number from 100 to 86400000',
  )
})
