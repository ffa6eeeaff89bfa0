import { once } from 'node:events'
import * as http from 'node:http'
import * as http2 from 'node:http2'
import type { AddressInfo } from 'node:net'
import { type Client, createClient } from '@connectrpc/connect'
import { connectNodeAdapter } from '@connectrpc/connect-node'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createTransport } from '../../../../client/node/transport.ts'
import {
  normalizeTransportOptions,
  PROTOCOLS,
  type TransportOptions,
} from '../../../../client/node/transport-options.ts'
import { GreeterService } from '../../../../gen/greeter/v1/greeter_pb.js'
import { collect } from '../../../support/collect.ts'
import { startSilentServer } from '../../../support/silent-server.ts'

const CANCEL = 8

/** Valid options of a transport. */
const WAYS: readonly Omit<TransportOptions, 'baseUrl'>[] = [
  {},
  { useBinaryFormat: false },
  { protocol: 'grpc-web' },
  { protocol: 'grpc-web', httpVersion: '1.1' },
  { protocol: 'connect', useBinaryFormat: false },
  { protocol: 'connect', httpVersion: '1.1', useHttpGet: true },
]

test.each(WAYS)('a call succeeds with %j, to the configured authority', async (way) => {
  const { baseUrl, authorities } = await startGreeter(way.httpVersion ?? '2')
  const transport = createTransport({ baseUrl, authority: 'other.test', ...way })
  onTestFinished(() => transport.close())
  const { message } = await createClient(GreeterService, transport).sayHello({ name: 'World' })
  expect(message).toBe('Hello World')
  expect(authorities).toEqual(['other.test'])
})

test('closing cancels open calls and closes the connection', async () => {
  const { origin, nextStream, nextSession } = await startSilentServer()
  const transport = createTransport({ baseUrl: origin })
  const call = createClient(GreeterService, transport).sayHello({ name: 'World' })
  const failed = expect(call).rejects.toMatchObject({ message: expect.stringContaining('canceled') })
  const stream = await nextStream
  const ended = Promise.all([once(stream, 'close'), once(await nextSession, 'close')])
  await transport.close()
  await failed
  await ended
  expect(stream.rstCode).toBe(CANCEL)
})

test('closing an idle transport closes the connection', async () => {
  const { baseUrl, nextSession } = await startGreeter('2')
  const transport = createTransport({ baseUrl })
  await createClient(GreeterService, transport).sayHello({ name: 'World' })
  const ended = once(await nextSession, 'close')
  await transport.close()
  await ended
})

test('closing an unused transport does nothing', async () => {
  await createTransport({ baseUrl: 'http://127.0.0.1:1' }).close()
  await createTransport({ baseUrl: 'http://127.0.0.1:1', protocol: 'connect', httpVersion: '1.1' }).close()
})

test.each<[string, Partial<TransportOptions>]>([
  ['baseUrl is "localhost:8080", and must be an http: or https: URL', { baseUrl: 'localhost:8080' }],
  ['baseUrl is "http://a", and must be an https: URL for the tls option', { tls: { insecure: true } }],
  ['protocol is "grpcweb", and must be one of grpc, grpc-web, connect', JSON.parse('{"protocol":"grpcweb"}')],
  ['httpVersion is 2, and must be one of 1.1, 2', JSON.parse('{"httpVersion":2}')],
  ['useBinaryFormat is a string, and must be a boolean', JSON.parse('{"useBinaryFormat":"proto"}')],
  ['httpVersion is "1.1", and must be "2" for protocol "grpc"', { httpVersion: '1.1' }],
  ['useHttpGet is true, and must be false for protocol "grpc-web"', { protocol: 'grpc-web', useHttpGet: true }],
  ['maxSockets is 0, and must be a whole number from 1 to 65535', { maxSockets: 0 }],
  ['defaultTimeoutMs is 0, and must be a whole number from 1 to 2147483647', { defaultTimeoutMs: 0 }],
  ['maxHeaderFields is 9, and must be a whole number from 10 to 10000', { maxHeaderFields: 9 }],
  ['maxHeaderListBytes is 1023, and must be a whole number from 1024 to 1048576', { maxHeaderListBytes: 1_023 }],
  ['decodeBudgetBytes is 0, and must be a whole number from 1 to 9007199254740991', { decodeBudgetBytes: 0 }],
  ['readMaxBytes is 1.5, and must be a whole number from 1 to 4294967295', { readMaxBytes: 1.5 }],
  ...['', 'a b', 'a\r\nb', 'ann@a', 'a/b', '[::1', 'a:99999'].map((authority): [string, Partial<TransportOptions>] => [
    `authority is ${JSON.stringify(authority)}, and must be a host, or host:port`,
    { authority },
  ]),
  ['tls.servername is "", and must be the name of a host', { baseUrl: 'https://a', tls: { servername: '' } }],
  ['tls.cert and tls.key must come together', { baseUrl: 'https://a', tls: { cert: 'x' } }],
  ['tls.ca, tls.cert and tls.key must be PEM', { baseUrl: 'https://a', tls: { cert: 'x', key: 'y' } }],
])('%s', (fault, options) => {
  expect(() => normalizeTransportOptions({ baseUrl: 'http://a', ...options })).toThrow(fault)
})

test('options are complete, frozen, and a copy of the input', () => {
  const options = { baseUrl: 'http://a' }
  const normal = normalizeTransportOptions(options)
  expect(normal).toMatchObject({ protocol: 'grpc', httpVersion: '2', readMaxBytes: 4_194_304 })
  expect(Object.isFrozen(normal)).toBe(true)
  expect(options).toEqual({ baseUrl: 'http://a' })
})

async function startGreeter(httpVersion: '1.1' | '2') {
  const authorities: unknown[] = []
  const greet = connectNodeAdapter({
    routes: (router) => router.service(GreeterService, { sayHello: ({ name }) => ({ message: `Hello ${name}` }) }),
  })
  const answer = (request: http.IncomingMessage, response: http.ServerResponse) => {
    authorities.push(request.headers.host)
    greet(request, response)
  }
  const answerHttp2 = (request: http2.Http2ServerRequest, response: http2.Http2ServerResponse) => {
    authorities.push(request.authority)
    greet(request, response)
  }
  const server = httpVersion === '2' ? http2.createServer(answerHttp2) : http.createServer(answer)
  const port = await listen(server)
  return { baseUrl: `http://127.0.0.1:${port}`, authorities, nextSession: sessionOf(server) }
}

function sessionOf(server: http.Server | http2.Http2Server): Promise<http2.ServerHttp2Session> {
  return new Promise((resolve) => server.once('session', resolve))
}

async function listen(server: http.Server | http2.Http2Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())))
  return (server.address() as AddressInfo).port
}

const CALLED_WRONGLY: readonly [string, (greeter: Client<typeof GreeterService>) => AsyncIterable<unknown>][] = [
  ['a deadline that is no number', (greeter) => greeter.getStream({}, { timeoutMs: Number.NaN })],
  ['an invalid header', (greeter) => greeter.getStream({}, { headers: { 'a b': 'x' } })],
  ['messages that are no stream', (greeter) => greeter.allStream(JSON.parse('[]'))],
  ['messages that cannot be read', (greeter) => greeter.allStream({ [Symbol.asyncIterator]: refuse })],
]

function refuse(): never {
  throw new Error('no messages today')
}

describe.each(PROTOCOLS)('over %s', (protocol) => {
  test.each(CALLED_WRONGLY)(
    'a stream with %s fails when it is read, and does not throw before',
    async (_what, call) => {
      const transport = createTransport({ baseUrl: 'http://127.0.0.1:1', protocol })
      onTestFinished(() => transport.close())
      const answers = call(createClient(GreeterService, transport))
      await expect(collect(answers)).rejects.toThrow()
    },
  )
})
