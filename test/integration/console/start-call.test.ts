import { fromJson, type JsonValue, type Message, toJson } from '@bufbuild/protobuf'
import { Code, ConnectError } from '@connectrpc/connect'
import { describe, expect, it } from 'vitest'
import type { RunningCall } from '../../../console/app/call/engine/running-call.ts'
import { type CallContext, startCall } from '../../../console/app/call/start-call.ts'
import type { MessageEntry } from '../../../console/app/contracts/live-call.ts'
import { BadRequestSchema } from '../../../gen/google/rpc/error_details_pb.js'
import { GreeterService } from '../../../gen/greeter/v1/greeter_pb.js'
import type { ConsoleProtocol } from '../../../wire/console/console-facts.ts'
import { callContext } from '../../support/console/call-context.ts'
import { startDemo, startRoutes } from '../../support/demo-server.ts'
import { freePort } from '../../support/ports.ts'

const PROTOCOLS: readonly ConsoleProtocol[] = ['connect', 'grpc-web', 'websocket', 'rest']
/** What each protocol makes of "Zoë" and "Hello Zoë": JSON, binary messages, or a path and JSON. */
const SIZES: Readonly<Record<string, readonly number[]>> = {
  connect: [15, 24],
  'grpc-web': [6, 12],
  websocket: [6, 12],
  rest: [18, 24],
}

interface CallOptions {
  readonly headers?: readonly (readonly [string, string])[]
  readonly timeoutMs?: number
  readonly usesGet?: boolean
}

/** Starts a call of a method of the greeter. */
async function start(context: CallContext, name: string, protocol: ConsoleProtocol, options: CallOptions = {}) {
  const method = context.api.methodOf(`greeter.v1.GreeterService/${name}`)
  if (method === undefined) throw new Error(`no method ${name}`)
  const { headers = [], timeoutMs, usesGet = false } = options
  const call = await startCall({ method, protocol, usesGet, headers, timeoutMs }, context)
  return { call, request: (json: JsonValue): Message => fromJson(method.input, json) }
}

function received(call: RunningCall): JsonValue[] {
  return messagesOf(call, 'received').map(({ message }) => toJson(call.init.method.output, message))
}

function messagesOf(call: RunningCall, direction: MessageEntry['direction']): MessageEntry[] {
  return call.timeline.value
    .filter((entry) => entry.kind === 'message')
    .filter((entry) => entry.direction === direction)
}

describe.each(PROTOCOLS)('a unary call by %s', (protocol) => {
  it('records the request, the headers, the response and the end, with their sizes', async () => {
    const { call, request } = await start(callContext((await startDemo()).origin), 'SayHello', protocol)
    await call.send(request({ name: 'Zoë' }))
    const httpStatus = protocol === 'websocket' ? null : 200
    expect(await call.ended).toEqual({ code: 'OK', message: '', httpStatus, details: [] })
    expect(call.timeline.value.map(({ kind }) => kind).filter((kind) => kind !== 'trailers')).toEqual([
      'message',
      'headers',
      'message',
      'end',
    ])
    expect(received(call)).toEqual([{ message: 'Hello Zoë' }])
    const [sent, response] = [messagesOf(call, 'sent')[0], messagesOf(call, 'received')[0]]
    expect([sent?.sizeBytes, response?.sizeBytes]).toEqual(SIZES[protocol])
    expect(call.state.value).toBe('ended')
    expect(call.headers.value?.some(([name]) => name === 'content-type')).toBe(true)
  })

  it('decodes the details of an error', async () => {
    const { origin } = await startRoutes({
      routes: (router) =>
        router.service(GreeterService, {
          sayHello() {
            const detail = { fieldViolations: [{ field: 'name', description: 'is too short' }] }
            throw new ConnectError('look at the name', Code.InvalidArgument, { 'x-hint': 'yes' }, [
              { desc: BadRequestSchema, value: detail },
            ])
          },
        }),
    })
    const { call, request } = await start(callContext(origin), 'SayHello', protocol)
    await call.send(request({}))
    const status = await call.ended
    expect(status).toMatchObject({ code: 'INVALID_ARGUMENT', message: 'look at the name' })
    expect(status.httpStatus).toBe({ connect: 400, 'grpc-web': 200, rest: 400 }[protocol as string] ?? null)
    expect(status.details).toEqual([
      {
        typeName: 'google.rpc.BadRequest',
        json: { fieldViolations: [{ field: 'name', description: 'is too short' }] },
        octets: expect.any(Uint8Array),
      },
    ])
    expect([...(call.headers.value ?? []), ...call.trailers.value]).toContainEqual(['x-hint', 'yes'])
  })

  it('can be cancelled before its request', async () => {
    const { call, request } = await start(callContext((await startDemo()).origin), 'SayHello', protocol)
    call.cancel()
    expect(await call.ended).toMatchObject({ code: 'CANCELLED', message: 'you cancelled the call, or left its page' })
    await expect(call.send(request({}))).rejects.toThrow('you cancelled the call')
  })

  it('ends with a status if a header cannot be sent', async () => {
    const context = { ...callContext((await startDemo()).origin), credentials: [['x-token', 'naïve \u2192']] as const }
    const { call, request } = await start(context, 'SayHello', protocol)
    expect(await call.ended).toMatchObject({ code: 'UNKNOWN', httpStatus: null })
    await expect(call.send(request({}))).rejects.toThrow('the call has ended')
  })

  it('says that the server cannot be reached', async () => {
    const port = await freePort()
    const { call, request } = await start(callContext(`http://127.0.0.1:${port}`), 'SayHello', protocol)
    await call.send(request({}))
    expect(await call.ended).toMatchObject({ code: 'UNAVAILABLE', httpStatus: null })
  })
})

describe.each(PROTOCOLS)('a server stream by %s', (protocol) => {
  it('records messages as they arrive, and their sizes', async () => {
    const context = callContext((await startDemo({ quoteIntervalMs: 5 })).origin)
    const { call, request } = await start(context, 'GetStream', protocol)
    await call.send(request({ topic: 'stocks/ACME', limit: 20 }))
    expect(call.state.value).toBe('half-closed')
    expect(await call.ended).toMatchObject({ code: 'OK' })
    const entries = messagesOf(call, 'received')
    expect(entries.map(({ sequence }) => sequence)).toEqual(Array.from({ length: 20 }, (_, index) => index + 1))
    expect(entries.every(({ sizeBytes }) => sizeBytes > 10)).toBe(true)
    expect(call.counts.value.receivedBytes).toBe(entries.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0))
    expect(call.counts.value.firstMessageMs).not.toBeNull()
  })

  it('can be cancelled', async () => {
    const context = callContext((await startDemo({ quoteIntervalMs: 5 })).origin)
    const { call, request } = await start(context, 'GetStream', protocol)
    await call.send(request({ topic: 'stocks/ACME' }))
    await expect.poll(() => call.counts.value.received).toBeGreaterThan(2)
    call.cancel()
    expect(await call.ended).toMatchObject({ code: 'CANCELLED' })
    expect(call.state.value).toBe('ended')
  })

  it('ends at its deadline', async () => {
    const context = callContext((await startDemo({ quoteIntervalMs: 5 })).origin)
    const { call, request } = await start(context, 'GetStream', protocol, { timeoutMs: 150 })
    await call.send(request({ topic: 'stocks/ACME' }))
    expect(await call.ended).toMatchObject({ code: 'DEADLINE_EXCEEDED' })
  })
})

describe('by Connect', () => {
  it('uses GET for a method without side effects', async () => {
    const context = callContext((await startDemo()).origin)
    const { call, request } = await start(context, 'SayHello', 'connect', { usesGet: true })
    await call.send(request({ name: 'Ada' }))
    expect(await call.ended).toMatchObject({ code: 'OK' })
    expect(received(call)).toEqual([{ message: 'Hello Ada' }])
    expect(call.counts.value).toMatchObject({ requestBodyBytes: 0, sentBytes: 14 })
  })
})

describe('a stream of requests by WebSocket', () => {
  it('sends each message when the transport takes it, and ends with the half-close', async () => {
    const { call, request } = await start(callContext((await startDemo()).origin), 'PutStream', 'websocket')
    for (const data of ['one', 'two', 'three']) await call.send(request({ topic: 'rooms/a', data }))
    expect(call.state.value).toBe('open')
    call.halfClose()
    expect(call.state.value).toBe('half-closed')
    expect(await call.ended).toMatchObject({ code: 'OK' })
    expect(received(call)).toEqual([expect.objectContaining({ accepted: '3' })])
    expect(messagesOf(call, 'sent').map(({ sequence }) => sequence)).toEqual([1, 2, 3])
    await expect(call.send(request({}))).rejects.toThrow('the call has ended: OK')
  })

  it('receives while it sends', async () => {
    const { call, request } = await start(callContext((await startDemo()).origin), 'AllStream', 'websocket')
    await call.send(request({ topic: 'rooms/b' }))
    for (let index = 1; index <= 3; index++) {
      await call.send(request({ topic: 'rooms/b', data: `message ${index}` }))
      await expect.poll(() => call.counts.value.received).toBe(index)
    }
    call.halfClose()
    expect(await call.ended).toMatchObject({ code: 'OK' })
    expect(received(call).map((json) => (json as { data: string }).data)).toEqual([
      'message 1',
      'message 2',
      'message 3',
    ])
  })

  it('is one of 100 at once', async () => {
    const context = callContext((await startDemo()).origin)
    const calls = await Promise.all(Array.from({ length: 100 }, () => start(context, 'AllStream', 'websocket')))
    await Promise.all(calls.map(({ call, request }, index) => call.send(request({ topic: `rooms/${index}` }))))
    await Promise.all(
      calls.map(({ call, request }, index) => call.send(request({ topic: `rooms/${index}`, data: `to ${index}` }))),
    )
    await expect.poll(() => calls.every(({ call }) => call.counts.value.received === 1)).toBe(true)
    for (const { call } of calls) call.halfClose()
    for (const [index, { call }] of calls.entries()) {
      expect(await call.ended).toMatchObject({ code: 'OK' })
      expect(received(call)).toEqual([expect.objectContaining({ data: `to ${index}` })])
    }
  })

  it('waits for a server that does not read', async () => {
    const { promise: go, resolve: read } = Promise.withResolvers<void>()
    const { origin } = await startRoutes({
      routes: (router) =>
        router.service(GreeterService, {
          async putStream(requests) {
            await go
            let accepted = 0n
            for await (const _ of requests) accepted += 1n
            return { accepted }
          },
        }),
    })
    const { call, request } = await start(callContext(origin), 'PutStream', 'websocket')
    const message = request({ data: 'x'.repeat(60_000) })
    let taken = 0
    let isDone = false
    const sending = (async () => {
      for (; taken < 2_000; taken++) await call.send(message)
      isDone = true
    })()
    await expect.poll(() => taken, { timeout: 10_000 }).toBeGreaterThan(5)
    let before = -1
    await expect
      .poll(
        () => {
          const isStill = taken === before
          before = taken
          return isStill
        },
        { interval: 500, timeout: 15_000 },
      )
      .toBe(true)
    expect(isDone).toBe(false)
    read()
    await sending
    call.halfClose()
    expect(await call.ended).toMatchObject({ code: 'OK' })
    expect(received(call)).toEqual([expect.objectContaining({ accepted: '2000' })])
  })

  it('can be cancelled before its first message', async () => {
    const { call } = await start(callContext((await startDemo()).origin), 'AllStream', 'websocket')
    call.cancel()
    expect(await call.ended).toMatchObject({ code: 'CANCELLED' })
  })
})

it('sends no stream of requests by fetch, and says why', async () => {
  const context = callContext((await startDemo()).origin)
  await expect(start(context, 'PutStream', 'connect')).rejects.toThrow('Browsers cannot send a stream')
  await expect(start(context, 'SayHello', 'grpc')).rejects.toThrow('trailers')
})
