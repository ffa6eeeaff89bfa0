/** Gates, interceptors and handlers know the peer of a call: address, port, TLS and certificate, over every transport. */
import { X509Certificate } from 'node:crypto'
import { connect } from 'node:http2'
import type { ConnectRouter, HandlerContext, Interceptor } from '@connectrpc/connect'
import { fastify } from 'fastify'
import { describe, expect, onTestFinished, test } from 'vitest'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import { onePort } from '../../server/listen/one-port.ts'
import type { TlsOptions } from '../../server/listen/tls/tls-options.ts'
import { portico } from '../../server/plugin.ts'
import { type Peer, peerKey } from '../../server/rpc/context-keys.ts'
import type { Lane } from '../../server/rpc/lane.ts'
import { callHeaders, sayHello } from '../support/calls.ts'
import { testCertificates } from '../support/certificates.ts'
import { startFastify } from '../support/demo-server.ts'
import { exchangeOn, exchanges } from '../support/exchange.ts'

interface Seen {
  readonly gate: Peer[]
  readonly interceptor: Peer[]
  readonly handler: Peer[]
}

interface Way {
  readonly lane: Lane
  readonly isHooked: boolean
}

const WAYS: readonly (readonly [string, Way])[] = [
  ['direct', { lane: 'native', isHooked: false }],
  ['through hooks', { lane: 'native', isHooked: true }],
  ['by the reference lane', { lane: 'reference', isHooked: false }],
]

const copy = ({ address, port, tls, certificate }: Peer): Peer => ({ address, port, tls, certificate })

/** A server that notes the peers of its calls. */
async function start({ lane, isHooked }: Way, options: { trustProxy?: boolean | string | string[]; tls?: TlsOptions }) {
  const seen: Seen = { gate: [], interceptor: [], handler: [] }
  const { trustProxy = false, tls } = options
  const app = fastify({ ...onePort({ drainTimeoutMs: 0, ...(tls && { tls }) }), trustProxy })
  if (isHooked) app.addHook('onRequest', async () => {})
  const interceptor: Interceptor = (next) => (request) => {
    seen.interceptor.push(copy(request.contextValues.get(peerKey)))
    return next(request)
  }
  const routes = (router: ConnectRouter) =>
    router.service(GreeterService, {
      sayHello(_request, { values }: HandlerContext) {
        seen.handler.push(copy(values.get(peerKey)))
        return {}
      },
    })
  await app.register(portico, {
    lane,
    routes: (router) => void routes(router),
    interceptors: [interceptor],
    requestGate: ({ values }) => void seen.gate.push(copy(values.get(peerKey))),
  })
  return { ...(await startFastify(app, tls ? 'https' : 'http')), seen }
}

describe.each(WAYS)('a call that goes %s', (_name, way) => {
  test.each(exchanges)('knows the address and port of its caller over %s', async (_version, exchange) => {
    const { origin, seen } = await start(way, {})
    await exchange(origin, sayHello('grpc-web'))
    const peer = { address: '127.0.0.1', port: expect.any(Number), tls: undefined, certificate: undefined }
    expect(seen).toEqual({ gate: [peer], interceptor: [peer], handler: [peer] })
    expect(seen.handler[0]?.port).toBeGreaterThan(0)
  })

  test.each([
    ['no proxy is trusted', false, '203.0.113.7', '127.0.0.1'],
    ['all are trusted', true, '203.0.113.7, 198.51.100.2', '203.0.113.7'],
    ['loopback is trusted', 'loopback', '203.0.113.7, 198.51.100.2', '198.51.100.2'],
    ['networks are trusted', ['127.0.0.0/8', '198.51.100.0/24'], '203.0.113.7, 198.51.100.2', '203.0.113.7'],
    ['another proxy is trusted', '192.0.2.1', '203.0.113.7', '127.0.0.1'],
  ])('knows the address behind proxies if %s', async (_what, trustProxy, forwardedFor, address) => {
    const { origin, seen } = await start(way, { trustProxy })
    for (const [, exchange] of exchanges) {
      const headers = { ...callHeaders('connect'), 'x-forwarded-for': forwardedFor }
      await exchange(origin, { ...sayHello('connect'), headers })
    }
    expect(seen.handler.map((peer) => peer.address)).toEqual([address, address])
    if (address !== '127.0.0.1') expect(seen.handler.map(({ port }) => port)).toEqual([0, 0])
  })
})

describe.each(WAYS)('a call over TLS that goes %s', (_name, way) => {
  test('has the verified certificate of its client', async () => {
    const { ca, server, client } = await testCertificates()
    const { origin, seen } = await start(way, { tls: { ...server, ca } })
    const session = connect(origin, { ca, ...client, servername: 'localhost' })
    onTestFinished(() => session.destroy())
    await exchangeOn(session, sayHello('grpc'))
    const [peer] = seen.handler
    expect(peer?.tls?.version).toMatch(/^TLSv1\.[23]$/)
    const shown = new X509Certificate(client.cert)
    expect(peer?.certificate?.subject).toBe(shown.subject)
    expect(peer?.certificate?.subjectAltName).toBe(shown.subjectAltName)
    expect(peer?.certificate?.fingerprint256).toBe(shown.fingerprint256)
    expect(seen.gate[0]?.certificate?.fingerprint256).toBe(peer?.certificate?.fingerprint256)
  })

  test('has no certificate if the client presents none', async () => {
    const { ca, server } = await testCertificates()
    const { origin, seen } = await start(way, { tls: server })
    const session = connect(origin, { ca, servername: 'localhost' })
    onTestFinished(() => session.destroy())
    await exchangeOn(session, sayHello('grpc'))
    expect(seen.handler[0]).toMatchObject({
      tls: { version: expect.stringMatching(/^TLSv1\./) },
      certificate: undefined,
    })
  })
})
