/** Limits of concurrent calls, without a server. */
import { Code } from '@connectrpc/connect'
import { expect, test } from 'vitest'
import { GreeterService } from '../../../../gen/greeter/v1/greeter_pb.js'
import { Health } from '../../../../gen/health/v1/health_pb.js'
import { type ConcurrencyLimitOptions, concurrencyLimit } from '../../../../server/limits/concurrency-limit.ts'

const { sayHello, publish } = GreeterService.method

function limited(options: ConcurrencyLimitOptions) {
  const limit = concurrencyLimit(options)
  const peer = { address: '', port: 0, tls: undefined, certificate: undefined }
  const call = { isStream: false, header: new Headers(), peer, startedAtMs: 0 }
  return { limit, admit: (method = sayHello) => limit.admission?.admit({ ...call, method }) ?? null }
}

const END = { code: undefined, durationMs: 1 }

test('the call above the limit is refused until another one ends', () => {
  const { limit, admit } = limited({ max: 2 })
  const first = admit()
  admit(publish as never)
  expect(() => admit()).toThrow(expect.objectContaining({ code: Code.Unavailable }))
  expect(limit.state).toMatchObject({ limit: 2, inFlight: 2, shed: 1 })
  first?.end(END)
  admit()
  expect(() => admit()).toThrow('too many concurrent calls')
})

test('each method has its own limit', () => {
  const { limit, admit } = limited({ perMethod: 1 })
  const first = admit()
  const second = admit(publish as never)
  expect(() => admit()).toThrow()
  expect(() => admit(publish as never)).toThrow()
  first?.end(END)
  admit()
  second?.end(END)
  expect(limit.state).toMatchObject({ limit: undefined, inFlight: 1, shed: 2 })
})

test('both limits hold together', () => {
  const { admit } = limited({ max: 3, perMethod: 2 })
  admit()
  admit()
  expect(() => admit()).toThrow()
  admit(publish as never)
  expect(() => admit(publish as never)).toThrow()
})

test('standard services are not limited', () => {
  expect(limited({ max: 1 }).limit.appliesTo?.(Health.method.watch)).toBe(false)
})

test.each<[object, string]>([
  [{}, 'one of max and perMethod is needed'],
  [{ max: 0 }, 'max is 0'],
  [{ perMethod: 1.5 }, 'perMethod is 1.5'],
  [{ max: 1, retryAfterMs: 0 }, 'retryAfterMs is 0'],
  [{ max: 1, queue: 5 }, 'queue is unknown'],
])('options %j are refused', (options, fault) => {
  expect(() => concurrencyLimit(options)).toThrow(fault)
})
