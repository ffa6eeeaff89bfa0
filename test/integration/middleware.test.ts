/** Middleware runs for every call to which it applies, in order, on both lanes. */
import { Code, ConnectError, type ConnectRouter, createClient } from '@connectrpc/connect'
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import { Health } from '../../gen/health/v1/health_pb.js'
import { createApp } from '../../server/app.ts'
import type { AdmissionEnd, AdmissionRequest } from '../../server/rpc/admission.ts'
import { LANES, type Lane } from '../../server/rpc/lane.ts'
import type { Middleware } from '../../server/rpc/middleware.ts'
import { startRoutes } from '../support/demo-server.ts'
import { MATRIX, type MatrixRow, openTransport } from '../support/matrix.ts'

const CLEARTEXT = MATRIX.filter(({ isSecure, format }) => !isSecure && format === 'proto')
const CASES = LANES.flatMap((lane) => CLEARTEXT.map((row) => [lane, row.name, row] as const))
const [ROW] = CLEARTEXT as [MatrixRow]

const passed: string[] = []
const ends: AdmissionEnd[] = []

afterEach(() => {
  passed.length = 0
  ends.length = 0
})

/** All parts, recorded. Its admission refuses calls that name it. */
function recording(name: string): Middleware {
  return {
    name,
    admission: {
      admit({ header }: AdmissionRequest) {
        passed.push(`${name} admits`)
        if (header.get('refused-by') === name) throw new ConnectError(`${name} is full`, Code.Unavailable)
        return { end: (end) => ends.push(end) }
      },
    },
    requestGate: () => void passed.push(`${name} gate`),
    interceptor: (next) => async (request) => {
      passed.push(`${name} before`)
      const response = await next(request)
      passed.push(`${name} after`)
      return response
    },
  }
}

const notForHealth: Middleware = {
  ...recording('inner'),
  appliesTo: ({ parent }) => parent.typeName !== Health.typeName,
}

function routes(router: ConnectRouter): void {
  router.service(GreeterService, {
    sayHello({ name }) {
      passed.push('handler')
      if (name === 'nobody') throw new ConnectError('no such person', Code.NotFound)
      return { message: 'Hello' }
    },
    async *getStream() {
      yield { data: 'one' }
    },
  })
}

async function start(lane: Lane, row: MatrixRow, middleware: Middleware[]) {
  const requestGate = () => void passed.push('plugin gate')
  const { port } = await startRoutes({ lane, routes, middleware, requestGate })
  const { transport, close } = openTransport(row, { port, ca: '' })
  onTestFinished(close)
  return { ...createClient(GreeterService, transport), check: createClient(Health, transport).check }
}

describe.each(CASES)('on the %s lane, by %s', (lane, _name, row) => {
  test('runs admission, gates and interceptors of all in order', async () => {
    await (await start(lane, row, [recording('outer'), notForHealth])).sayHello({})
    expect(passed).toEqual([
      'outer admits',
      'inner admits',
      'outer gate',
      'inner gate',
      'plugin gate',
      'outer before',
      'inner before',
      'handler',
      'inner after',
      'outer after',
    ])
    await vi.waitFor(() => expect(ends).toHaveLength(2))
    expect(ends.every(({ code, durationMs }) => code === undefined && durationMs >= 0)).toBe(true)
  })

  test('runs only what applies to the method', async () => {
    await (await start(lane, row, [recording('outer'), notForHealth])).check({})
    expect(passed).toEqual(['outer admits', 'outer gate', 'plugin gate', 'outer before', 'outer after'])
  })

  test('a refused call reaches nothing further, and ends what earlier controls admitted', async () => {
    const { sayHello } = await start(lane, row, [recording('outer'), notForHealth])
    const call = sayHello({}, { headers: { 'refused-by': 'inner' } })
    await expect(call).rejects.toMatchObject({ code: Code.Unavailable, rawMessage: 'inner is full' })
    expect(passed).toEqual(['outer admits', 'inner admits'])
    expect(ends).toMatchObject([{ code: Code.Unavailable }])
  })

  test('tells admission how a call ended', async () => {
    const { sayHello, getStream } = await start(lane, row, [recording('only')])
    await expect(sayHello({ name: 'nobody' })).rejects.toMatchObject({ code: Code.NotFound })
    await vi.waitFor(() => expect(ends).toMatchObject([{ code: Code.NotFound }]))
    for await (const _ of getStream({})) void _
    await vi.waitFor(() => expect(ends).toMatchObject([{ code: Code.NotFound }, { code: undefined }]))
  })
})

test('a service that replaces the interceptors of the plugin keeps those of middleware', async () => {
  const { port } = await startRoutes({
    middleware: [recording('outer')],
    routes: (router) =>
      router.service(GreeterService, { sayHello: () => ({}) }, { interceptors: [], replaceInterceptors: true }),
  })
  const { transport, close } = openTransport(ROW, { port, ca: '' })
  onTestFinished(close)
  await createClient(GreeterService, transport).sayHello({})
  expect(passed).toEqual(['outer admits', 'outer gate', 'outer before', 'outer after'])
})

test('an error of an admission control reveals nothing to the caller', async () => {
  const admit = () => {
    throw new Error('a secret')
  }
  const { sayHello } = await start('native', ROW, [{ name: 'broken', admission: { admit } }])
  const error = await sayHello({}).catch(ConnectError.from)
  expect(error).toMatchObject({
    code: Code.Internal,
    rawMessage: expect.stringMatching(/^internal error [0-9a-f-]{36}$/),
  })
})

test('prepares each in order, with all methods, before the port opens', async () => {
  const seen: string[] = []
  const prepared = (name: string): Middleware => ({
    name,
    async prepare({ methods, app }) {
      seen.push(
        `${name}: ${methods.some(({ parent }) => parent.typeName === Health.typeName)}, ${app?.server.listening}`,
      )
    },
  })
  const app = await createApp({ routes, middleware: [prepared('first'), prepared('second')] })
  onTestFinished(() => app.fastify.close())
  expect(seen).toEqual(['first: true, false', 'second: true, false'])
})

test('a middleware that fails to prepare ends the start', async () => {
  const prepare = () => Promise.reject(new RangeError('policy.json is missing'))
  await expect(createApp({ routes, middleware: [{ name: 'authorize', prepare }] })).rejects.toThrow(
    'policy.json is missing',
  )
})

test.each([
  ['a function', () => {}, 'middleware[0] is a function: write it as { name, requestGate } or { name, interceptor }'],
  ['null', null, 'middleware[0] is null: it must be an object'],
  ['an object without a name', {}, 'middleware[0] has no name'],
  [
    'a part of the wrong kind',
    { name: 'mine', admission: () => {} },
    'middleware[0] (mine): admission must be an object',
  ],
])('refuses %s', async (_what, middleware, text) => {
  const options = { routes, middleware: [middleware as Middleware] }
  await expect(createApp(options)).rejects.toThrow(text)
})
