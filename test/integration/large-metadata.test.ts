/** A client receives metadata of up to 128 fields and 64 KiB, in headers and trailers. Options change the limits. */
import { Code, ConnectError } from '@connectrpc/connect'
import { describe, expect, test } from 'vitest'
import type { TransportOptions } from '../../client/node/transport-options.ts'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import { collect } from '../support/collect.ts'
import { startRoutes } from '../support/demo-server.ts'
import { startHostileAnswers, startHostileHttp1 } from '../support/hostile-server.ts'
import { type OpenGreeter, openGreeter } from '../support/open-greeter.ts'

/** Returns `count` fields of `octets` each. */
interface Amount {
  readonly fields: number
  readonly bytes: number
}

const WIRES = [
  ['grpc', '2'],
  ['grpc-web', '2'],
  ['grpc-web', '1.1'],
  ['connect', '2'],
  ['connect', '1.1'],
] as const

function fill(headers: Headers, { fields, bytes }: Amount): void {
  for (let index = 0; index < fields; index += 1) headers.set(`own-${index}`, 'v'.repeat(bytes))
}

/** A server that sends this many octets in the place that the name of a call selects. The client has the given options. */
async function startFilling(amount: Amount, options: Partial<TransportOptions>): Promise<OpenGreeter> {
  const { origin } = await startRoutes({
    lane: 'native',
    listen: { http2: { maxSendHeaderListBytes: 1_048_576 } },
    routes: (router) =>
      router.service(GreeterService, {
        sayHello({ name }, { responseHeader, responseTrailer }) {
          if (name === 'head') fill(responseHeader, amount)
          if (name === 'end') fill(responseTrailer, amount)
          if (name === 'error') throw new ConnectError('no', Code.NotFound, headersOf(amount))
          return { message: 'hello' }
        },
        async *getStream({ topic }, { responseHeader, responseTrailer }) {
          if (topic === 'head') fill(responseHeader, amount)
          if (topic === 'end') fill(responseTrailer, amount)
          yield { data: 'hello' }
        },
      }),
  })
  return openGreeter({ baseUrl: origin, ...options })
}

function headersOf(amount: Amount): Headers {
  const headers = new Headers()
  fill(headers, amount)
  return headers
}

const countOwn = (headers: Headers) => [...headers.keys()].filter((name) => name.startsWith('own-')).length

/** How many of the fields come with a unary call, and with a stream. */
async function countsOf({ client }: OpenGreeter, place: 'head' | 'end'): Promise<number[]> {
  let count = 0
  const note = (headers: Headers) => {
    count += countOwn(headers)
  }
  const options = { onHeader: note, onTrailer: note }
  await client.sayHello({ name: place }, options)
  const unary = count
  await collect(client.getStream({ topic: place }, options))
  return [unary, count - unary]
}

/** The codes of both calls, of a unary call and of a stream. */
async function codesOf({ client }: OpenGreeter, place: 'head' | 'end'): Promise<(Code | undefined)[]> {
  const codeOf = (call: Promise<unknown>) =>
    call.then(
      () => undefined,
      (error: unknown) => ConnectError.from(error).code,
    )
  return [await codeOf(client.sayHello({ name: place })), await codeOf(collect(client.getStream({ topic: place })))]
}

describe.each(WIRES)('%s over HTTP/%s', (protocol, httpVersion) => {
  const wire = { protocol, httpVersion }

  test.each([
    ['110 fields', { fields: 110, bytes: 10 }],
    ['33 KB', { fields: 3, bytes: 11_000 }],
    ['60 KB in one field', { fields: 1, bytes: 60_000 }],
  ])('%s arrive', async (_what, amount) => {
    const greeter = await startFilling(amount, wire)
    expect(await countsOf(greeter, 'head')).toEqual([amount.fields, amount.fields])
    expect(await countsOf(greeter, 'end')).toEqual([amount.fields, amount.fields])
    const error = await greeter.client.sayHello({ name: 'error' }).then(() => undefined, ConnectError.from)
    expect(error?.code).toBe(Code.NotFound)
    expect(countOwn(error?.metadata ?? new Headers())).toBe(amount.fields)
  })

  test.each([['140 fields', { fields: 140, bytes: 1 }]])(
    '%s are RESOURCE_EXHAUSTED, and the next call is fine',
    async (_what, amount) => {
      const greeter = await startFilling(amount, wire)
      const refused = [Code.ResourceExhausted, Code.ResourceExhausted]
      expect(await codesOf(greeter, 'head')).toEqual(refused)
      expect(await codesOf(greeter, 'end')).toEqual(refused)
      expect(await greeter.client.sayHello({ name: 'few' })).toMatchObject({ message: 'hello' })
    },
  )

  test('higher limits allow more', async () => {
    const amount = { fields: 300, bytes: 500 }
    const greeter = await startFilling(amount, { ...wire, maxHeaderFields: 400, maxHeaderListBytes: 262_144 })
    expect(await countsOf(greeter, 'head')).toEqual([300, 300])
    expect(await countsOf(greeter, 'end')).toEqual([300, 300])
  })

  test('lower limits allow less', async () => {
    const greeter = await startFilling({ fields: 40, bytes: 1 }, { ...wire, maxHeaderFields: 30 })
    const refused = [Code.ResourceExhausted, Code.ResourceExhausted]
    expect(await codesOf(greeter, 'head')).toEqual(refused)
    expect(await codesOf(greeter, 'end')).toEqual(refused)
    expect(await greeter.client.sayHello({ name: 'few' })).toMatchObject({ message: 'hello' })
  })
})

/** Servers that ignore the limits they receive. */
describe.each(WIRES)('%s over HTTP/%s, from a server that ignores limits', (protocol, httpVersion) => {
  test.each([
    ['66 KB', { fields: 6, bytes: 11_000 }, {}],
    ['64 KB of values, above the limit with their names,', { fields: 120, bytes: 520 }, {}],
    ['3 KB where 2 KiB are allowed', { fields: 4, bytes: 750 }, { maxHeaderListBytes: 2_048 }],
  ])('%s in the headers are RESOURCE_EXHAUSTED', async (_what, amount, limits) => {
    const contentType = {
      grpc: 'application/grpc',
      'grpc-web': 'application/grpc-web+proto',
      connect: 'application/proto',
    }
    const { baseUrl } = await startHostileAnswers(httpVersion, {
      fields: [['content-type', contentType[protocol]], ...headersOf(amount)],
    })
    const { client } = openGreeter({ baseUrl, protocol, httpVersion, ...limits })
    const error = await client.sayHello({}).then(() => undefined, ConnectError.from)
    expect(error?.code).toBe(Code.ResourceExhausted)
  })
})

describe.each(['grpc-web', 'connect'] as const)(
  'trailers of HTTP/1.1 in a response of %s, which does not use them,',
  (protocol) => {
    const contentType = { 'grpc-web': 'application/grpc-web+proto', connect: 'application/proto' }[protocol]
    const body = protocol === 'connect' ? '' : '\x80\0\0\0\x10grpc-status: 0\r\n'

    test.each([
      ['are passed up to the limit', 1_000, protocol === 'connect' ? undefined : Code.Unimplemented],
      ['are RESOURCE_EXHAUSTED above it', 100_000, Code.ResourceExhausted],
    ])('%s', async (_what, bytes, code) => {
      const { baseUrl } = await startHostileHttp1((socket) => {
        const chunk = body === '' ? '' : `${body.length.toString(16)}\r\n${body}\r\n`
        const head = `HTTP/1.1 200 OK\r\ncontent-type: ${contentType}\r\ntransfer-encoding: chunked\r\n\r\n`
        socket.write(Buffer.from(`${head}${chunk}0\r\nown: ${'v'.repeat(bytes)}\r\n\r\n`, 'latin1'))
      })
      const { client } = openGreeter({ baseUrl, protocol, httpVersion: '1.1', defaultTimeoutMs: 20_000 })
      const error = await client.sayHello({}).then(() => undefined, ConnectError.from)
      expect(error?.code).toBe(code)
    })
  },
)
