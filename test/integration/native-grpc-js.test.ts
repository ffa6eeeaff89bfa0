import { Code, ConnectError, type ConnectRouter } from '@connectrpc/connect'
import { compressionAlgorithms, status } from '@grpc/grpc-js'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import { collect } from '../support/collect.ts'
import { loadDefinitions } from '../support/greeter-definitions.ts'
import { GrpcJsClient, type GrpcJsClientOptions } from '../support/grpc-js-client.ts'
import { type NativeServer, startNativeServer } from '../support/native-server.ts'
import { retryConfig } from '../support/retry-config.ts'

const GREETER = 'greeter.v1.GreeterService'
const DEFINITIONS = loadDefinitions()

/** Retries UNAVAILABLE if the response is Trailers-Only, which means that nothing was processed (gRFC A6). */
const RETRYING = JSON.stringify(retryConfig(3, 'UNAVAILABLE'))

let attempts: number

function routes(router: ConnectRouter): void {
  router.service(GreeterService, {
    async sayHello({ name }) {
      attempts++
      if (name === 'retry' && attempts < 3) throw new ConnectError('not yet', Code.Unavailable)
      if (name === 'sleep') await new Promise(() => {})
      return { message: `Hello ${name}` }
    },
    async *getStream({ topic, limit }) {
      for (let i = 0; i < limit; i++) yield { topic, sequence: BigInt(i), data: 'd'.repeat(i) }
    },
    async putStream(messages) {
      const seen = await collect(messages)
      return { accepted: BigInt(seen.length) }
    },
    async *allStream(messages) {
      for await (const { data } of messages) yield { data }
    },
  })
}

describe('grpc-js', () => {
  let server: NativeServer

  beforeEach(async () => {
    attempts = 0
    server = await startNativeServer(routes)
    onTestFinished(() => server.close())
  })

  function open(options: GrpcJsClientOptions = {}): GrpcJsClient {
    const client = new GrpcJsClient(server.port, DEFINITIONS, options)
    onTestFinished(() => client.close())
    return client
  }

  test.each([compressionAlgorithms.identity, compressionAlgorithms.gzip])(
    'all four modes, compression %i',
    async (algorithm) => {
      const client = open({ channel: { 'grpc.default_compression_algorithm': algorithm } })
      const name = 'n'.repeat(5_000)
      expect(await client.callUnary(GREETER, 'SayHello', { name })).toEqual({ message: `Hello ${name}` })
      expect(await collect(client.callServerStream(GREETER, 'GetStream', { topic: 't', limit: 3 }))).toMatchObject([
        { sequence: '0', data: '' },
        { sequence: '1', data: 'd' },
        { sequence: '2', data: 'dd' },
      ])
      const { stream, answer } = client.callClientStream(GREETER, 'PutStream')
      for (let i = 0; i < 100; i++) stream.write({ topic: 't', data: 'x'.repeat(i) })
      stream.end()
      expect(await answer).toMatchObject({ accepted: '100' })
      const chat = client.callBidiStream(GREETER, 'AllStream')
      const words = chat[Symbol.asyncIterator]()
      for (const data of ['one', 'two']) {
        chat.write({ topic: 't', data })
        expect(await words.next()).toMatchObject({ value: { data } })
      }
      chat.end()
      expect(await words.next()).toMatchObject({ done: true })
    },
  )

  test('MD-7 a client retries a trailers-only failure', async () => {
    const client = open({ channel: { 'grpc.service_config': RETRYING } })
    expect(await client.callUnary(GREETER, 'SayHello', { name: 'retry' })).toEqual({ message: 'Hello retry' })
    expect(attempts).toBe(3)
  })

  test('DL-1 a deadline of 5 ms against a handler that sleeps', async () => {
    const call = open().callUnary(GREETER, 'SayHello', { name: 'sleep' }, { deadline: Date.now() + 5 })
    await expect(call).rejects.toMatchObject({ code: status.DEADLINE_EXCEEDED })
  })

  test('a cancelled call is noticed', async () => {
    const answer = open().callUnary(
      GREETER,
      'SayHello',
      { name: 'sleep' },
      { onCall: (call) => setImmediate(() => call.cancel()) },
    )
    await expect(answer).rejects.toMatchObject({ code: status.CANCELLED })
  })
})
