/** Gates of a plugin and of its services run for every call, in order, on both lanes. */
import { Code, ConnectError, type ConnectRouter, createClient, type HandlerContext } from '@connectrpc/connect'
import { fastify } from 'fastify'
import { afterEach, describe, expect, onTestFinished, test } from 'vitest'
import { Greeter as ProtoGreeter } from '../../gen/compat/proto_pb.js'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import { ServerReflection } from '../../gen/grpc/reflection/v1/reflection_pb.js'
import { Health } from '../../gen/health/v1/health_pb.js'
import { onePort } from '../../server/listen/one-port.ts'
import { portico } from '../../server/plugin.ts'
import { LANES, type Lane } from '../../server/rpc/lane.ts'
import { startFastify, startRoutes } from '../support/demo-server.ts'
import { MATRIX, type MatrixRow, openTransport } from '../support/matrix.ts'

const CLEARTEXT = MATRIX.filter(({ isSecure, format }) => !isSecure && format === 'proto')
const CASES = LANES.flatMap((lane) => CLEARTEXT.map((row) => [lane, row.name, row] as const))

const passed: string[] = []

afterEach(() => {
  passed.length = 0
})

/** A gate that is recorded, and rejects calls that name it. */
function gate(name: string) {
  return async ({ requestHeader }: HandlerContext) => {
    passed.push(name)
    if (requestHeader.get('refused-by') === name) throw new ConnectError(`${name} says no`, Code.PermissionDenied)
  }
}

/** A service with a gate, and a method of another service with another gate. */
function routes(router: ConnectRouter): void {
  const sayHello = () => {
    passed.push('handler')
    return { message: 'Hello' }
  }
  router.service(GreeterService, { sayHello }, { requestGate: gate('service') })
  router.rpc(ProtoGreeter.method.hello, () => ({}), { requestGate: gate('method') })
}

function clientOf(row: MatrixRow, port: number) {
  const { transport, close } = openTransport(row, { port, ca: '' })
  onTestFinished(close)
  return { ...createClient(GreeterService, transport), hello: createClient(ProtoGreeter, transport).hello }
}

describe.each(CASES)('on the %s lane, by %s', (lane, _name, row) => {
  async function start() {
    const { port } = await startRoutes({ lane, routes, requestGate: gate('plugin') })
    return clientOf(row, port)
  }

  test("the plugin's gate runs before the service's", async () => {
    await (await start()).sayHello({})
    expect(passed).toEqual(['plugin', 'service', 'handler'])
  })

  test("the plugin's gate runs before that of a method", async () => {
    await (await start()).hello({})
    expect(passed).toEqual(['plugin', 'method'])
  })

  test("no other gate sees what the plugin's gate rejects", async () => {
    const call = (await start()).sayHello({}, { headers: { 'refused-by': 'plugin' } })
    await expect(call).rejects.toMatchObject({ code: Code.PermissionDenied, rawMessage: 'plugin says no' })
    expect(passed).toEqual(['plugin'])
  })

  test("no handler sees what the service's gate rejects", async () => {
    const call = (await start()).sayHello({}, { headers: { 'refused-by': 'service' } })
    await expect(call).rejects.toMatchObject({ code: Code.PermissionDenied, rawMessage: 'service says no' })
    expect(passed).toEqual(['plugin', 'service'])
  })

  test('a stream passes the same gates', async () => {
    const stream = (await start()).getStream({}, { headers: { 'refused-by': 'service' } })
    await expect(stream[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: Code.PermissionDenied })
    expect(passed).toEqual(['plugin', 'service'])
  })
})

/** On one port, each with its own gate and service. */
async function startTwoPlugins(lane: Lane) {
  const app = fastify(onePort({ drainTimeoutMs: 0 }))
  await app.register(portico, {
    lane,
    routes: (router) => void router.rpc(GreeterService.method.sayHello, () => ({})),
    requestGate: gate('first'),
  })
  await app.register(portico, {
    lane,
    routes: (router) => void router.rpc(GreeterService.method.publish, () => ({}), { requestGate: gate('method') }),
    requestGate: gate('second'),
  })
  return startFastify(app)
}

describe.each(LANES)('on the %s lane', (lane) => {
  const [row] = CLEARTEXT as [MatrixRow]

  test('each plugin on a port has its own gate', async () => {
    const { port } = await startTwoPlugins(lane)
    const client = clientOf(row, port)
    await client.sayHello({})
    expect(passed.splice(0)).toEqual(['first'])
    await client.publish({})
    expect(passed).toEqual(['second', 'method'])
  })

  test('health and reflection pass the gate of the plugin', async () => {
    const { port } = await startRoutes({ lane, routes, requestGate: gate('plugin') })
    const http2 = CLEARTEXT.find(({ httpVersion }) => httpVersion === '2') as MatrixRow
    const { transport, close } = openTransport(http2, { port, ca: '' })
    onTestFinished(close)
    const headers = { 'refused-by': 'plugin' }
    await expect(createClient(Health, transport).check({}, { headers })).rejects.toMatchObject({
      code: Code.PermissionDenied,
    })
    const requests = async function* () {}
    const answers = createClient(ServerReflection, transport).serverReflectionInfo(requests(), { headers })
    await expect(answers[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: Code.PermissionDenied })
    expect(passed).toEqual(['plugin', 'plugin'])
  })

  test('a gate that returns an Error reveals nothing of it to the caller', async () => {
    const requestGate = () => {
      throw new Error('a secret')
    }
    const { port } = await startRoutes({
      lane,
      routes: (router) => router.service(GreeterService, {}, { requestGate }),
      requestGate: gate('plugin'),
    })
    const call = clientOf(row, port).sayHello({})
    await expect(call).rejects.toMatchObject({
      code: Code.Internal,
      rawMessage: expect.stringMatching(/^internal error [0-9a-f-]{36}$/),
    })
    expect(passed).toEqual(['plugin'])
  })
})
