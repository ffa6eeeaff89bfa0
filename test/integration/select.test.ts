/** IC-4: middleware can be limited to some methods, by service, method and kind. */
import { type ConnectRouter, createClient } from '@connectrpc/connect'
import { afterEach, describe, expect, onTestFinished, test } from 'vitest'
import { Greeter as ProtoGreeter } from '../../gen/compat/proto_pb.js'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import { Health } from '../../gen/health/v1/health_pb.js'
import { createApp } from '../../server/app.ts'
import { except, type MethodChoice, select } from '../../server/middleware/select.ts'
import { LANES } from '../../server/rpc/lane.ts'
import type { Middleware } from '../../server/rpc/middleware.ts'
import { startRoutes } from '../support/demo-server.ts'
import { LogCapture } from '../support/log-capture.ts'
import { MATRIX, openTransport } from '../support/matrix.ts'

const ROWS = MATRIX.filter(({ isSecure, format }) => !isSecure && format === 'proto')
const CASES = LANES.flatMap((lane) => ROWS.map((row) => [lane, row.name, row] as const))

const seen: string[] = []
afterEach(() => void seen.splice(0))

const marks: Middleware = {
  name: 'marks',
  requestGate: ({ method }) => void seen.push(`gate of ${method.name}`),
  interceptor: (next) => (request) => {
    seen.push(`interceptor of ${request.method.name}`)
    return next(request)
  },
  observer: {
    onStart({ method, path }) {
      seen.push(`observer of ${method?.name ?? path}`)
      return null
    },
  },
}

function routes(router: ConnectRouter): void {
  router.service(GreeterService, {
    sayHello: () => ({}),
    async *getStream() {
      yield {}
    },
  })
  router.service(ProtoGreeter, { hello: () => ({}) })
}

describe.each(CASES)('on the %s lane, by %s', (lane, _name, row) => {
  async function callAll(middleware: Middleware) {
    const { port } = await startRoutes({ lane, routes, middleware: [middleware] })
    const { transport, close } = openTransport(row, { port, ca: '' })
    onTestFinished(close)
    await createClient(GreeterService, transport).sayHello({})
    for await (const _ of createClient(GreeterService, transport).getStream({})) void _
    await createClient(ProtoGreeter, transport).hello({})
    await createClient(Health, transport).check({})
    return seen.filter((text) => text.startsWith('gate')).map((text) => text.slice('gate of '.length))
  }

  test.each<[string, MethodChoice, string[]]>([
    ['a service', { service: 'greeter.v1.GreeterService' }, ['SayHello', 'GetStream']],
    ['the beginning of a service', { service: 'gr*' }, ['SayHello', 'GetStream', 'Check']],
    ['several services', { service: ['proto.Greeter', 'grpc.*'] }, ['Hello', 'Check']],
    ['a method of any service', { method: 'Check' }, ['Check']],
    ['the beginning of a method', { service: 'greeter.*', method: ['Say*'] }, ['SayHello']],
    ['a kind', { kind: 'server_streaming' }, ['GetStream']],
    ['a function', ({ name }) => name === 'Hello', ['Hello']],
  ])('selects %s', async (_what, choice, methods) => {
    expect(await callAll(select(choice, marks))).toEqual(methods)
    expect(seen.filter((text) => text.startsWith('interceptor'))).toEqual(
      methods.map((name) => `interceptor of ${name}`),
    )
    expect(seen.filter((text) => text.startsWith('observer'))).toEqual(methods.map((name) => `observer of ${name}`))
  })

  test('leaves out the methods that are excepted', async () => {
    expect(await callAll(except({ service: 'grpc.*' }, marks))).toEqual(['SayHello', 'GetStream', 'Hello'])
  })
})

test('selectors can be nested', async () => {
  const middleware = [select({ service: 'greeter.*' }, except({ kind: 'server_streaming' }, marks))]
  const app = await createApp({ routes, middleware })
  onTestFinished(() => app.fastify.close())
  const applies = app.methods.filter((method) => middleware[0]?.appliesTo?.(method))
  expect(applies.map(({ name }) => name)).toEqual(['SayHello', 'Publish', 'PutStream', 'AllStream'])
})

test.each<[object, string]>([
  [{ service: 'gretter.v1.GreeterService' }, 'marks: no service is called gretter.v1.GreeterService'],
  [{ service: 'shop.*' }, 'marks: no service is called shop.*'],
  [{ service: 'proto.Greeter', method: 'SayHello' }, 'marks: no method is called SayHello'],
])('%j, which matches nothing, ends the start', async (choice, text) => {
  await expect(createApp({ routes, middleware: [select(choice, marks)] })).rejects.toThrow(text)
  await expect(createApp({ routes, middleware: [except(choice, marks)] })).rejects.toThrow(text)
})

test.each<[object, string]>([
  [{}, 'select: it chooses all methods: name some'],
  [{ kind: 'stream' }, 'select: kind is "stream": it must be one of unary, server_streaming'],
  [{ services: 'shop.*' }, 'select: services is unknown: did you mean service?'],
])('the selector %j is refused', (choice, text) => {
  expect(() => select(choice, marks)).toThrow(text)
})

test('the log says what applies to which methods, at level debug', async () => {
  const log = new LogCapture()
  const app = await createApp({ routes, logger: log.logger, middleware: [select({ kind: 'server_streaming' }, marks)] })
  onTestFinished(() => app.fastify.close())
  const lines = log.withMessage('middleware of methods')
  expect(lines).toContainEqual(
    expect.objectContaining({
      middleware: ['marks'],
      methods: ['greeter.v1.GreeterService/GetStream', 'grpc.health.v1.Health/Watch'],
    }),
  )
  expect(lines).toContainEqual(expect.objectContaining({ middleware: [] }))
})
