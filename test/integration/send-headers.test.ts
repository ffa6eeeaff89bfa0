/** Response headers that a handler sends before its first message. */
import { Code, ConnectError, createClient, type HandlerContext } from '@connectrpc/connect'
import { describe, expect, onTestFinished, test } from 'vitest'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import type { Lane } from '../../server/rpc/lane.ts'
import { sendHeaders } from '../../server/rpc/send-headers.ts'
import { collect } from '../support/collect.ts'
import { startRoutes } from '../support/demo-server.ts'
import { LogCapture } from '../support/log-capture.ts'
import { MATRIX, type MatrixRow, openTransport } from '../support/matrix.ts'

const ROWS = MATRIX.filter(({ isSecure }) => !isSecure)
const CASES = ROWS.map((row) => [row.name, row] as const)
const [ROW] = ROWS as [MatrixRow]

/** What the handlers do with their context before anything else. */
type Prologue = (context: HandlerContext) => Promise<void> | void

async function start(row: MatrixRow, prologue: Prologue, lane: Lane = 'native') {
  const log = new LogCapture()
  const { port } = await startRoutes({
    lane,
    logger: log.logger,
    routes: (router) =>
      router.service(GreeterService, {
        async sayHello(_request, context) {
          await prologue(context)
          return { message: 'Hello' }
        },
        async *getStream(_request, context) {
          await prologue(context)
          yield { data: 'one' }
        },
        async putStream(messages, context) {
          await prologue(context)
          for await (const _ of messages) void _
          return { accepted: 1n }
        },
        async *allStream(_messages, context) {
          await prologue(context)
          yield { data: 'one' }
        },
      }),
  })
  const { transport, close } = openTransport(row, { port, ca: '' })
  onTestFinished(close)
  return { client: createClient(GreeterService, transport), log }
}

const isConnectUnary = (row: MatrixRow) => row.protocol === 'Connect'

async function* oneMessage() {
  yield {}
}

describe.each(CASES)('by %s', (_name, row) => {
  test('reach the client of a stream before its first message', async () => {
    const seen = Promise.withResolvers<void>()
    const { client } = await start(row, async (context) => {
      context.responseHeader.set('x-region', 'north')
      expect(sendHeaders(context)).toBe(true)
      expect(sendHeaders(context)).toBe(true)
      await seen.promise
    })
    let header: string | null = null
    const stream = client.getStream(
      {},
      {
        onHeader(headers) {
          header = headers.get('x-region')
          seen.resolve()
        },
      },
    )
    for await (const { data } of stream) expect(data).toBe('one')
    expect(header).toBe('north')
  })

  test('do not change the message and the trailers of a unary call', async () => {
    const sent: boolean[] = []
    const { client } = await start(row, (context) => {
      context.responseHeader.set('x-region', 'north')
      context.responseTrailer.set('x-rows', '1')
      sent.push(sendHeaders(context))
    })
    const seen: (string | null)[] = []
    const answer = await client.sayHello(
      {},
      {
        onHeader: (headers) => seen.push(headers.get('x-region')),
        onTrailer: (trailers) => seen.push(trailers.get('x-rows')),
      },
    )
    expect(answer.message).toBe('Hello')
    expect(seen).toEqual(['north', '1'])
    expect(sent).toEqual([!isConnectUnary(row)])
  })

  test('may be followed by an error, whose trailers arrive', async () => {
    const { client } = await start(row, (context) => {
      context.responseHeader.set('x-region', 'north')
      sendHeaders(context)
      throw new ConnectError('no such topic', Code.NotFound, { 'x-reason': 'none' })
    })
    const seen: (string | null)[] = []
    const options = { onHeader: (headers: Headers) => void seen.push(headers.get('x-region')) }
    for (const call of [() => client.sayHello({}, options), () => collect(client.getStream({}, options))]) {
      const error = await call().catch(ConnectError.from)
      expect(error).toMatchObject({ code: Code.NotFound, rawMessage: 'no such topic' })
      expect((error as ConnectError).metadata.get('x-reason')).toBe('none')
    }
    expect(seen.at(-1)).toBe('north')
  })

  test('set after they were sent end the call, and the log says why', async () => {
    const { client, log } = await start(row, (context) => {
      context.responseHeader.set('x-region', 'north')
      sendHeaders(context)
      context.responseHeader.append('x-late', '1')
    })
    await expect(collect(client.getStream({}))).rejects.toMatchObject({ code: Code.Internal })
    expect(log.text).toContain('the response headers were sent already')
  })
})

test.each(['append', 'set', 'delete'] as const)('%s throws once they were sent', async (how) => {
  const tried = Promise.withResolvers<unknown>()
  const { client } = await start(ROW, (context) => {
    if (!sendHeaders(context)) return
    try {
      context.responseHeader[how]('x-late', '1')
    } catch (error) {
      tried.resolve(error)
    }
  })
  await collect(client.getStream({}))
  expect(await tried.promise).toMatchObject({ message: expect.stringContaining('sent already') })
})

test('those set after the first message are ignored, as in Connect', async () => {
  const { port } = await startRoutes({
    routes: (router) =>
      router.service(GreeterService, {
        async *getStream(_request, { responseHeader }) {
          yield { data: 'one' }
          responseHeader.set('x-late', '1')
          yield { data: 'two' }
        },
      }),
  })
  const { transport, close } = openTransport(ROW, { port, ca: '' })
  onTestFinished(close)
  const headers: (string | null)[] = []
  const options = { onHeader: (header: Headers) => void headers.push(header.get('x-late')) }
  expect(await collect(createClient(GreeterService, transport).getStream({}, options))).toHaveLength(2)
  expect(headers).toEqual([null])
})

test('client streams have them too', async () => {
  const row = ROWS.find(({ protocol, httpVersion }) => protocol === 'gRPC' && httpVersion === '2') as MatrixRow
  const { client } = await start(row, (context) => {
    context.responseHeader.set('x-region', 'north')
    expect(sendHeaders(context)).toBe(true)
  })
  let header: string | null = null
  const { accepted } = await client.putStream(oneMessage(), {
    onHeader: (headers) => (header = headers.get('x-region')),
  })
  expect([accepted, header]).toEqual([1n, 'north'])
})

test('the reference lane sends them with the first message', async () => {
  const sent: boolean[] = []
  const { client } = await start(ROW, (context) => void sent.push(sendHeaders(context)), 'reference')
  await client.sayHello({})
  expect(sent).toEqual([false])
})
