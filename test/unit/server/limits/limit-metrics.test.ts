/** The values that limits report to metrics. */
import { expect, test } from 'vitest'
import { GreeterService } from '../../../../gen/greeter/v1/greeter_pb.js'
import { adaptiveLimit } from '../../../../server/limits/adaptive-limit.ts'
import { concurrencyLimit } from '../../../../server/limits/concurrency-limit.ts'
import { rateLimit } from '../../../../server/limits/rate-limit.ts'
import type { Middleware } from '../../../../server/rpc/middleware.ts'

function valuesOf({ metricSources = [] }: Middleware): Record<string, unknown> {
  const values: Record<string, unknown> = {}
  for (const { name, kind, read } of metricSources) {
    read((value, attributes) => {
      values[name] = [kind, value, attributes]
    })
  }
  return values
}

test('a limit of concurrency reports its calls, its limit and its refusals', () => {
  const limit = concurrencyLimit({ max: 1, name: 'reports' })
  const peer = { address: '', port: 0, tls: undefined, certificate: undefined }
  const call = { method: GreeterService.method.sayHello, isStream: false, header: new Headers(), peer, startedAtMs: 0 }
  limit.admission?.admit(call)
  expect(() => limit.admission?.admit(call)).toThrow()
  expect(valuesOf(limit)).toEqual({
    'portico.server.limit.refused': ['counter', 1, { limit: 'reports' }],
    'portico.server.limit.in_flight': ['gauge', 1, { limit: 'reports' }],
    'portico.server.limit.max': ['gauge', 1, { limit: 'reports' }],
  })
})

test('an adaptive limit without overload reports its highest value', () => {
  expect(valuesOf(adaptiveLimit({ maxConcurrencyLimit: 200 }))).toEqual({
    'portico.server.limit.refused': ['counter', 0, { limit: 'adaptiveLimit' }],
    'portico.server.limit.in_flight': ['gauge', 0, { limit: 'adaptiveLimit' }],
    'portico.server.limit.max': ['gauge', 200, { limit: 'adaptiveLimit' }],
  })
})

test('a rate limit reports its refusals', () => {
  expect(valuesOf(rateLimit({ by: 'peer', capacity: 1, refillPerSecond: 1 }))).toEqual({
    'portico.server.limit.refused': ['counter', 0, { limit: 'rateLimit' }],
  })
})
