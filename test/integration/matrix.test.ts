import { randomUUID } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { type Client, Code, createClient, decodeBinaryHeader, encodeBinaryHeader } from '@connectrpc/connect'
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import type { App } from '../../server/app.ts'
import { createDemo } from '../../server/demo.ts'
import { CallProbe } from '../support/call-probe.ts'
import { testCertificates } from '../support/certificates.ts'
import { collect } from '../support/collect.ts'
import { MATRIX, type MatrixTarget, openTransport } from '../support/matrix.ts'

const DEADLINE_MS = 250
const EVERY_BYTE = Uint8Array.from({ length: 256 }, (_, byte) => byte)

const probe = new CallProbe()
let app: App
let target: MatrixTarget

beforeAll(async () => {
  const { ca, server } = await testCertificates()
  const listen = { tls: server, allowsCleartext: true, drainTimeoutMs: 0 }
  app = await createDemo({ listen, interceptors: [probe.interceptor] })
  await app.fastify.listen({ port: 0, host: '127.0.0.1' })
  target = { port: (app.fastify.server.address() as AddressInfo).port, ca }
})

afterAll(() => app.drain())

describe.each(MATRIX)('$name', (row) => {
  const isHttp2 = row.httpVersion === '2'
  let client: Client<typeof GreeterService>
  let topic: string

  beforeEach(() => {
    const { transport, close } = openTransport(row, target)
    onTestFinished(close)
    client = createClient(GreeterService, transport)
    topic = `matrix/${randomUUID()}`
  })

  test('unary', async () => {
    expect(await client.sayHello({ name: 'Ada Łovelace 🐟' })).toMatchObject({ message: 'Hello Ada Łovelace 🐟' })
    expect(await client.publish({ topic, data: 'one' })).toMatchObject({ sequence: 1n })
    expect(await client.publish({ topic, data: 'two' })).toMatchObject({ sequence: 2n })
  })

  test('server stream', async () => {
    for (const data of ['one', 'two', 'three']) await client.publish({ topic, data })
    const messages = await collect(client.getStream({ topic, afterSequence: 1n, limit: 2 }))
    expect(messages).toMatchObject([
      { topic, sequence: 2n, data: 'two', missed: 0n },
      { topic, sequence: 3n, data: 'three', missed: 0n },
    ])
    expect(messages.every(({ time }) => time !== undefined && time.seconds > 0n)).toBe(true)
  })

  test('a server stream delivers each message as it is published', async () => {
    const messages = client.getStream({ topic, afterSequence: 0n, limit: 3 })[Symbol.asyncIterator]()
    for (const data of ['one', 'two', 'three']) {
      await client.publish({ topic, data })
      expect(await messages.next()).toMatchObject({ done: false, value: { data } })
    }
    expect(await messages.next()).toMatchObject({ done: true })
  })

  test('client stream', async () => {
    const other = `${topic}/other`
    async function* requests() {
      yield { topic, data: 'one' }
      yield { topic: other, data: 'two' }
      yield { topic, data: 'three' }
    }
    expect(await client.putStream(requests())).toMatchObject({
      accepted: 3n,
      lastSequence: { [topic]: 2n, [other]: 1n },
    })
    const kept = await collect(client.getStream({ topic, afterSequence: 0n, limit: 2 }))
    expect(kept.map(({ data }) => data)).toEqual(['one', 'three'])
  })

  test(isHttp2 ? 'bidi stream' : 'a bidi stream is refused', async () => {
    const answered = new Map(['one', 'two', 'three'].map((word) => [word, Promise.withResolvers<void>()]))
    async function* requests() {
      yield { topic, data: '' }
      for (const [data, { promise }] of answered) {
        yield { topic, data }
        // The next is sent only after this one came back: neither side waits for the other to end.
        await promise
      }
    }
    const seen: unknown[] = []
    const reading = (async () => {
      for await (const { sequence, data } of client.allStream(requests())) {
        seen.push([sequence, data])
        answered.get(data)?.resolve()
      }
    })()
    if (isHttp2) await reading
    else await expect(reading).rejects.toMatchObject({ rawMessage: 'HTTP 505' })
    const expected = isHttp2
      ? [
          [1n, 'one'],
          [2n, 'two'],
          [3n, 'three'],
        ]
      : []
    expect(seen).toEqual(expected)
  })

  test('an error has its code, and names the field', async () => {
    const bad = { topic: 'not a topic', data: 'x' }
    async function* requests() {
      yield bad
    }
    const calls = [
      client.publish(bad),
      collect(client.getStream(bad)),
      client.putStream(requests()),
      ...(isHttp2 ? [collect(client.allStream(requests()))] : []),
    ]
    for (const result of await Promise.allSettled(calls)) {
      expect(result).toMatchObject({
        status: 'rejected',
        reason: { code: Code.InvalidArgument, rawMessage: expect.stringMatching(/^topic: /) },
      })
    }
  })

  test.each(['unary', 'stream'])('metadata goes both ways, %s', async (kind) => {
    const call = probe.expectCall()
    const headers = { ...call.headers, 'echo-text': 'a, b', 'echo-bin': encodeBinaryHeader(EVERY_BYTE) }
    let header = new Headers()
    let trailer = new Headers()
    const options = {
      headers,
      onHeader: (received: Headers) => {
        header = received
      },
      onTrailer: (received: Headers) => {
        trailer = received
      },
    }
    if (kind === 'unary') await client.publish({ topic, data: 'one' }, options)
    else {
      await client.publish({ topic, data: 'one' })
      await collect(client.getStream({ topic, afterSequence: 0n, limit: 1 }, options))
    }
    expect(header.get('echo-text')).toBe('a, b')
    expect(decodeBinaryHeader(header.get('echo-bin') ?? '')).toEqual(EVERY_BYTE)
    expect(trailer.get('trailer-echo-text')).toBe('a, b')
    expect(decodeBinaryHeader(trailer.get('trailer-echo-bin') ?? '')).toEqual(EVERY_BYTE)
  })

  test('a unary call cancelled by the client is cancelled at the server', async () => {
    const call = probe.expectCall({ hangs: true })
    const leaving = new AbortController()
    const answer = client.publish({ topic }, { headers: call.headers, signal: leaving.signal })
    await call.begun
    leaving.abort()
    await expect(answer).rejects.toMatchObject({ code: Code.Canceled })
    expect(await call.aborted).toBeInstanceOf(Error)
  })

  test('a stream cancelled by the client is cancelled at the server', async () => {
    const call = probe.expectCall()
    const leaving = new AbortController()
    const options = { headers: call.headers, signal: leaving.signal }
    const messages = client.getStream({ topic, afterSequence: 0n }, options)[Symbol.asyncIterator]()
    await client.publish({ topic, data: 'one' })
    expect(await messages.next()).toMatchObject({ value: { data: 'one' } })
    leaving.abort()
    await expect(messages.next()).rejects.toMatchObject({ code: Code.Canceled })
    expect(await call.aborted).toBeInstanceOf(Error)
  })

  test('a call cancelled while its input is arriving is cancelled at the server', async () => {
    const left = Promise.withResolvers<void>()
    async function* requests() {
      yield { topic, data: 'one' }
      await left.promise
    }
    for (const kind of isHttp2 ? ['client stream', 'bidi stream'] : ['client stream']) {
      const call = probe.expectCall()
      const leaving = new AbortController()
      const options = { headers: call.headers, signal: leaving.signal }
      const answer =
        kind === 'client stream'
          ? client.putStream(requests(), options)
          : collect(client.allStream(requests(), options))
      const cancelled = expect(answer, kind).rejects.toMatchObject({ code: Code.Canceled })
      await call.begun
      leaving.abort()
      await cancelled
      expect(await call.aborted, kind).toBeInstanceOf(Error)
    }
    left.resolve()
  })

  test('a client enforces its own deadline', async () => {
    const late = { code: Code.DeadlineExceeded }
    const hanging = probe.expectCall({ hangs: true })
    const options = { headers: hanging.headers, timeoutMs: DEADLINE_MS }
    await expect(client.publish({ topic }, options)).rejects.toMatchObject(late)
    const stream = client.getStream({ topic }, { timeoutMs: DEADLINE_MS })
    await expect(collect(stream)).rejects.toMatchObject(late)
  })

  test('the server enforces the deadline of a call', async () => {
    const late = { code: Code.DeadlineExceeded }
    const statement: Record<string, string> =
      row.protocol === 'Connect' ? { 'connect-timeout-ms': `${DEADLINE_MS}` } : { 'grpc-timeout': `${DEADLINE_MS}m` }
    const hanging = probe.expectCall({ hangs: true })
    const waiting = probe.expectCall()
    const unary = client.publish({ topic }, { headers: { ...hanging.headers, ...statement } })
    const stream = collect(client.getStream({ topic }, { headers: { ...waiting.headers, ...statement } }))
    for (const result of await Promise.allSettled([unary, stream])) expect(result).toMatchObject({ reason: late })
    expect(await hanging.aborted).toMatchObject(late)
    expect(await waiting.aborted).toMatchObject(late)
  })
})
