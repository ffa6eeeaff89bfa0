/** A future Fastify that stores its hooks elsewhere: no guard may be skipped. */
import { describe, expect, test, vi } from 'vitest'
import { endOf, sayHello } from '../../support/calls.ts'
import { CALLS_BY_FRONT, startRoutedApp } from '../../support/routed-app.ts'

vi.mock('../../../server/routed/scope-hooks.ts', async (importOriginal) => {
  const original = await importOriginal<typeof import('../../../server/routed/scope-hooks.ts')>()
  const hidden = {}
  return {
    ...original,
    hooksOf: () => original.hooksOf(hidden as never),
    addFirstHook: (scope: { addHook: unknown }, hook: never) => {
      original.addFirstHook({ addHook: (scope.addHook as () => void).bind(scope) } as never, hook)
    },
  }
})

describe('when Fastify does not expose its hooks', () => {
  test('all calls run through Fastify, and the log says why', async () => {
    const { log } = await startRoutedApp({ options: { bypassHooks: ['whatever'] } })
    const [line] = log.lines.filter(({ msg }) => String(msg).includes('calls run through Fastify'))
    expect(line).toMatchObject({
      routedMethods: 5,
      methods: 5,
      cause: 'this version of Fastify does not expose its hooks',
    })
  })

  test.each(CALLS_BY_FRONT)('guards before and after the plugin see %s', async (_name, call, front) => {
    const { call: send, seen } = await startRoutedApp({
      before: (app) =>
        app.addHook('onRequest', async ({ headers }) => {
          if (headers['x-first'] === undefined) throw Object.assign(new Error('not the first'), { statusCode: 401 })
        }),
      after: (app) =>
        app.addHook('preHandler', async ({ headers }, reply) => {
          reply.header('x-seen', 'yes')
          if (headers['x-second'] === undefined) throw Object.assign(new Error('not the second'), { statusCode: 403 })
        }),
    })
    await send(front, call.init)
    const first = { ...call.init.headers, 'x-first': '1' }
    expect(endOf(call.protocol, await send(front, { ...call.init, headers: first }))).toMatchObject({
      message: 'not the second',
    })
    expect(seen).toEqual([])
    const answer = await send(front, { ...call.init, headers: { ...first, 'x-second': '1' } })
    expect(endOf(call.protocol, answer).code).toBe('ok')
    expect(answer.headers['x-seen']).toBe('yes')
    expect(seen).toEqual(['Ada'])
  })
})

test('a call rejected by a guard after the plugin is answered in its protocol', async () => {
  const { call } = await startRoutedApp({
    after: (app) =>
      app.addHook('onRequest', async () => {
        throw Object.assign(new Error('no token'), { statusCode: 401 })
      }),
  })
  const [, , front] = CALLS_BY_FRONT.at(-1) as (typeof CALLS_BY_FRONT)[number]
  expect(endOf('grpc', await call(front, sayHello('grpc')))).toEqual({ code: 'grpc-status 16', message: 'no token' })
})
