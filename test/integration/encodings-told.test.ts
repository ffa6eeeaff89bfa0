/** Peers learn the supported encodings, and caches which responses vary by encoding. */

import type { FastifyInstance } from 'fastify'
import { expect, test } from 'vitest'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import { type CallProtocol, endOf } from '../support/calls.ts'
import { startDemo, startRoutes } from '../support/demo-server.ts'
import { type Exchanged, exchanges } from '../support/exchange.ts'
import { CALLS_BY_FRONT, startRoutedApp } from '../support/routed-app.ts'

const NAMES: Readonly<Record<CallProtocol, readonly [sent: string, accepted: string]>> = {
  grpc: ['grpc-encoding', 'grpc-accept-encoding'],
  'grpc-web': ['grpc-encoding', 'grpc-accept-encoding'],
  'grpc-web-text': ['grpc-encoding', 'grpc-accept-encoding'],
  connect: ['content-encoding', 'accept-encoding'],
  'connect-json': ['content-encoding', 'accept-encoding'],
  'connect-stream': ['connect-content-encoding', 'connect-accept-encoding'],
}

const WAYS = ['direct', 'routed']

/** What a client can read of a response. */
function said(protocol: CallProtocol, { headers, trailers, body }: Exchanged): string {
  const text = protocol === 'grpc-web-text' ? Buffer.from(body.toString(), 'base64') : body
  return JSON.stringify([headers, trailers]) + text.toString('latin1')
}

test.each(CALLS_BY_FRONT.flatMap(([name, ...rest]) => WAYS.map((way) => [`${name}, ${way}`, way, ...rest] as const)))(
  'an unknown encoding is UNIMPLEMENTED, with the supported ones: %s',
  async (_, way, { protocol, init }, front) => {
    const before =
      way === 'routed' ? { before: (app: FastifyInstance) => app.addHook('onRequest', async () => {}) } : {}
    const { call } = await startRoutedApp(before)
    const [sent, accepted] = NAMES[protocol]
    const answer = await call(front, { ...init, headers: { ...init.headers, [sent]: 'snappy' } })
    expect(endOf(protocol, answer).code).toMatch(/^(unimplemented|grpc-status 12)$/)
    expect(said(protocol, answer)).toMatch(new RegExp(`\\b${accepted}\\W+gzip`))
  },
)

test.each(exchanges)(
  "Connect GET responses vary by encoding, besides the service's own Vary, over %s",
  async (_, exchange) => {
    const path = `/greeter.v1.GreeterService/SayHello?connect=v1&encoding=json&message=${encodeURIComponent('{}')}`
    const plain = await startDemo()
    const varied = await startRoutes({
      cors: { origins: ['https://a.example'] },
      routes: (router) =>
        router.service(GreeterService, {
          sayHello(_request, { responseHeader }) {
            responseHeader.set('vary', 'x-tenant')
            return {}
          },
        }),
    })
    expect((await exchange(plain.origin, { method: 'GET', path })).headers.vary).toMatch(/accept-encoding/i)
    const { vary } = (await exchange(varied.origin, { method: 'GET', path })).headers
    for (const name of ['origin', 'accept-encoding', 'x-tenant']) expect(String(vary)).toContain(name)
  },
)
