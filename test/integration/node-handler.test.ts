/** `nodeHandler` on servers that have no Fastify. */
import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http'
import { createServer as createHttp2Server, createSecureServer, type Http2Server } from 'node:http2'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import { type NodeHandlerOptions, type NodeMiddleware, nodeHandler } from '../../server/node-handler.ts'
import { endOf, SAY_HELLO, sayHello } from '../support/calls.ts'
import { testCertificates } from '../support/certificates.ts'
import { type Exchange, exchangeHttp1, exchangeHttp2 } from '../support/exchange.ts'
import { CALLS, greeterThatNotes } from '../support/routed-app.ts'

/** The part of Express that the tests use: it comes with @fastify/express, without types. */
type ExpressApp = RequestListener & {
  use(handler: unknown): ExpressApp
  get(path: string, handler: (request: unknown, response: ServerResponse) => void): void
}
const express: (() => ExpressApp) & { json(): unknown } = createRequire(import.meta.url)('express')

const seen: string[] = []

function handler(options: Partial<NodeHandlerOptions> = {}): NodeMiddleware {
  return nodeHandler({ routes: (router) => router.service(GreeterService, greeterThatNotes(seen)), ...options })
}

async function listen(server: Server | Http2Server, scheme: 'http' | 'https' = 'http'): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`
}

interface Kind {
  readonly name: string
  readonly exchange: Exchange
  start(): Promise<string>
}

const KINDS: readonly Kind[] = [
  { name: 'node:http', exchange: exchangeHttp1, start: () => listen(createServer(handler())) },
  { name: 'node:http2', exchange: exchangeHttp2, start: () => listen(createHttp2Server(handler())) },
  {
    name: 'node:http2 over TLS',
    exchange: exchangeHttp2,
    start: async () => listen(createSecureServer((await testCertificates()).server, handler()), 'https'),
  },
  {
    name: 'Express',
    exchange: exchangeHttp1,
    start: () => listen(createServer(express().use(handler()))),
  },
  {
    name: 'Express, behind its parser of JSON',
    exchange: exchangeHttp1,
    start: () => listen(createServer(express().use(express.json()).use(handler()))),
  },
]

describe.each(KINDS)('$name', ({ exchange, start }) => {
  test.each(CALLS.map((call) => [call.name, call] as const))('answers %s', async (_name, call) => {
    const { ca } = await testCertificates()
    seen.length = 0
    const answer = await exchange(await start(), call.init, ca)
    expect(answer.status).toBe(200)
    expect(endOf(call.protocol, answer).code).toBe('ok')
    expect(seen).toEqual(['Ada'])
  })
})

test('what is not a call goes to the next handler, and is 404 without one', async () => {
  const app = express()
  app.use(handler())
  app.get('/about', (_request, response) => void response.end('about'))
  const origin = await listen(createServer(app))
  expect((await exchangeHttp1(origin, { method: 'GET', path: '/about' })).body.toString()).toBe('about')
  expect((await exchangeHttp1(origin, { ...sayHello('connect'), path: '/no.Service/Method' })).status).toBe(404)
  const alone = await listen(createServer(handler()))
  expect((await exchangeHttp1(alone, { method: 'GET', path: '/about' })).status).toBe(404)
  const call = { ...sayHello('grpc'), path: '/no.Service/Method' }
  expect(endOf('grpc', await exchangeHttp1(alone, call)).code).toBe('grpc-status 12')
})

test('a Next API route has its prefix in the path', async () => {
  const origin = await listen(createServer((request, response) => handler({ prefix: '/api' })(request, response)))
  const answer = await exchangeHttp1(origin, { ...sayHello('connect-json'), path: `/api${SAY_HELLO}` })
  expect(JSON.parse(answer.body.toString())).toEqual({ message: 'Hello Ada' })
})

test('rejects options out of range', () => {
  expect(() => handler({ readMaxBytes: 0 })).toThrow(RangeError)
})
