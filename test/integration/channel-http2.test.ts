import { once } from 'node:events'
import { constants, type Http2ServerResponse, type ServerHttp2Session } from 'node:http2'
import { Code } from '@connectrpc/connect'
import { describe, expect, test } from 'vitest'
import { collect } from '../support/collect.ts'
import { type AnyResponse, startHttpServer } from '../support/http-server.ts'
import { openGreeter } from '../support/open-greeter.ts'

const PROTOCOLS = ['connect', 'grpc-web'] as const

function reset(response: AnyResponse, code: number): void {
  const { stream } = response as Http2ServerResponse
  stream.close(code)
}

describe.each(PROTOCOLS)('%s over HTTP/2', (protocol) => {
  function connect(baseUrl: string) {
    return openGreeter({ baseUrl, protocol }).client
  }

  test('messages flow both ways at once', async () => {
    const server = await startHttpServer({
      httpVersion: '2',
      greeter: {
        async *allStream(messages) {
          for await (const { data } of messages) yield { data: data.toUpperCase() }
        },
      },
    })
    const answered: (() => void)[] = []
    const messages = (async function* () {
      for (const data of ['a', 'b']) {
        yield { data }
        await new Promise<void>((resolve) => answered.push(resolve))
      }
    })()
    const received: string[] = []
    for await (const { data } of connect(server.origin).allStream(messages)) {
      received.push(data)
      answered.shift()?.()
    }
    expect(received).toEqual(['A', 'B'])
  })

  test('retries a request once that the server refuses unprocessed', async () => {
    const server = await startHttpServer({
      httpVersion: '2',
      greeter: { publish: () => ({ sequence: 7n }) },
      answer(_request, response, count) {
        if (count === 0) reset(response, constants.NGHTTP2_REFUSED_STREAM)
        return count === 0
      },
    })
    expect(await connect(server.origin).publish({})).toMatchObject({ sequence: 7n })
    expect(server.heads).toHaveLength(2)
  })

  test('retries a request stream once that the server refuses unprocessed', async () => {
    const server = await startHttpServer({
      httpVersion: '2',
      greeter: {
        async putStream(messages) {
          return { accepted: BigInt((await collect(messages)).length) }
        },
      },
      answer(request, response, count) {
        if (count > 0) return false
        // It has seen the first message.
        request.once('data', () => reset(response, constants.NGHTTP2_REFUSED_STREAM))
        return true
      },
    })
    const messages = (async function* () {
      yield { data: 'a' }
      while (server.heads.length < 2) await new Promise((resolve) => setImmediate(resolve))
      yield { data: 'b' }
    })()
    expect(await connect(server.origin).putStream(messages)).toMatchObject({ accepted: 2n })
    expect(server.heads).toHaveLength(2)
  })

  test('a request refused twice is UNAVAILABLE', async () => {
    const server = await startHttpServer({
      httpVersion: '2',
      answer(_request, response) {
        reset(response, constants.NGHTTP2_REFUSED_STREAM)
        return true
      },
    })
    await expect(connect(server.origin).publish({})).rejects.toMatchObject({ code: Code.Unavailable })
    expect(server.heads).toHaveLength(2)
  })

  test.each([
    ['INTERNAL_ERROR', constants.NGHTTP2_INTERNAL_ERROR, Code.Internal],
    ['CANCEL', constants.NGHTTP2_CANCEL, Code.Canceled],
    ['ENHANCE_YOUR_CALM', constants.NGHTTP2_ENHANCE_YOUR_CALM, Code.ResourceExhausted],
  ])('a stream that is reset with %s', async (_name, reason, code) => {
    const server = await startHttpServer({
      httpVersion: '2',
      answer(_request, response) {
        reset(response, reason)
        return true
      },
    })
    await expect(connect(server.origin).publish({})).rejects.toMatchObject({ code })
    expect(server.heads).toHaveLength(1)
  })

  test('a stream reset halfway ends with an error, not as if complete', async () => {
    const server = await startHttpServer({
      httpVersion: '2',
      answer(_request, response) {
        const { stream } = response as Http2ServerResponse
        stream.respond({ ':status': 200, 'content-type': contentType })
        stream.write(Buffer.from([0, 0, 0, 0, 0]), () => stream.close(constants.NGHTTP2_INTERNAL_ERROR))
        return true
      },
    })
    const contentType = protocol === 'connect' ? 'application/connect+proto' : 'application/grpc-web+proto'
    await expect(collect(connect(server.origin).getStream({}))).rejects.toMatchObject({ code: Code.Internal })
  })

  test('after GOAWAY the open call finishes, and the next one uses a new connection', async () => {
    const { promise: isHere, resolve: onHere } = Promise.withResolvers<void>()
    const { promise: mayAnswer, resolve: answer } = Promise.withResolvers<void>()
    const server = await startHttpServer({
      httpVersion: '2',
      greeter: {
        async sayHello({ name }) {
          if (name !== 'wait') return { message: 'at once' }
          onHere()
          await mayAnswer
          return { message: 'in time' }
        },
      },
    })
    const session = once(server.server, 'session') as Promise<[ServerHttp2Session]>
    const client = connect(server.origin)
    await client.sayHello({})
    const call = client.sayHello({ name: 'wait' })
    const [[leaving]] = await Promise.all([session, isHere])
    leaving.close()
    answer()
    expect(await call).toMatchObject({ message: 'in time' })
    expect(await client.sayHello({})).toMatchObject({ message: 'at once' })
    expect(server.connections).toBe(2)
  })

  test('stops sending the request when the server answers early', async () => {
    const server = await startHttpServer({
      httpVersion: '2',
      greeter: { putStream: async () => ({ accepted: 1n }) },
    })
    let isLeft = false
    const endless = (async function* () {
      try {
        for (;;) {
          yield { data: 'x' }
          await new Promise((resolve) => setImmediate(resolve))
        }
      } finally {
        isLeft = true
      }
    })()
    expect(await connect(server.origin).putStream(endless)).toMatchObject({ accepted: 1n })
    while (!isLeft) await new Promise((resolve) => setImmediate(resolve))
  })
})
