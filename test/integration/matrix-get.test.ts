import { createClient } from '@connectrpc/connect'
import { createConnectTransport } from '@connectrpc/connect-node'
import { beforeEach, describe, expect, test } from 'vitest'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import { CallProbe } from '../support/call-probe.ts'
import { startDemo } from '../support/demo-server.ts'
import { exchanges } from '../support/exchange.ts'

let origin: string
let probe: CallProbe

beforeEach(async () => {
  probe = new CallProbe()
  origin = (await startDemo({ interceptors: [probe.interceptor] })).origin
})

describe.each(exchanges)('Connect GET over %s', (_, exchange) => {
  const get = (method: string, message: object) => {
    const query = new URLSearchParams({ connect: 'v1', encoding: 'json', message: JSON.stringify(message) })
    return exchange(origin, { method: 'GET', path: `/greeter.v1.GreeterService/${method}?${query}` })
  }

  test('calls a method without side effects', async () => {
    const { status, headers, body } = await get('SayHello', { name: 'Ada & Łovelace' })
    expect(status).toBe(200)
    expect(headers['content-type']).toBe('application/json')
    expect(JSON.parse(body.toString())).toEqual({ message: 'Hello Ada & Łovelace' })
  })

  test('cannot call a method with side effects, or a stream', async () => {
    expect((await get('Publish', { topic: 'get', data: 'one' })).status).toBe(405)
    expect((await get('GetStream', { topic: 'get', afterSequence: 0 })).status).toBe(405)
    const client = createClient(
      GreeterService,
      createConnectTransport({ baseUrl: origin, httpVersion: '1.1', nodeOptions: { agent: false } }),
    )
    expect(await client.publish({ topic: 'get', data: 'the first' })).toMatchObject({ sequence: 1n })
  })

  test('with a malformed message is INVALID_ARGUMENT', async () => {
    const path = '/greeter.v1.GreeterService/SayHello?connect=v1&encoding=json&message=%7B'
    const { status, body } = await exchange(origin, { method: 'GET', path })
    expect(status).toBe(400)
    expect(JSON.parse(body.toString())).toMatchObject({ code: 'invalid_argument' })
  })
})

test('a transport with useHttpGet uses GET where the method allows it', async () => {
  const nodeOptions = { agent: false }
  const transport = createConnectTransport({ baseUrl: origin, httpVersion: '1.1', nodeOptions, useHttpGet: true })
  const client = createClient(GreeterService, transport)
  const [hello, publish] = [probe.expectCall(), probe.expectCall()]
  expect(await client.sayHello({ name: 'Ada' }, { headers: hello.headers })).toMatchObject({ message: 'Hello Ada' })
  await client.publish({ topic: 'get' }, { headers: publish.headers })
  expect([await hello.begun, await publish.begun]).toEqual(['GET', 'POST'])
})
