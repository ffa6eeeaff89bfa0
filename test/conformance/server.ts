/**
 * The program that the conformance runner starts to test our server: it reads one description of a server from standard
 * input, serves the conformance service until SIGTERM, and says on standard output where. The one port answers every
 * HTTP version and protocol, so the description's are not looked at.
 *
 * `--lane reference` serves on that lane; `--codec reflective` with that codec; with `--sliced` every byte of either direction arrives alone; with `--upstream`
 * the service is the one that connect-es tests its own servers with; with `--websockets` the calls reach the port over WebSockets.
 */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { parseArgs } from 'node:util'
import { create } from '@bufbuild/protobuf'
import type { ConnectRouter } from '@connectrpc/connect'
import { fastify } from 'fastify'
import { onePort, portico } from '../../server/public.ts'
import { HTTPVersion } from '../gen/connectrpc/conformance/v1/config_pb.js'
import {
  type ServerCompatRequest,
  ServerCompatRequestSchema,
  type ServerCompatResponse,
  ServerCompatResponseSchema,
} from '../gen/connectrpc/conformance/v1/server_compat_pb.js'
import { ConformanceService } from '../gen/connectrpc/conformance/v1/service_pb.js'
import { startSlicingProxy } from '../support/slicing-proxy.ts'
import { conformanceService } from './conformance-service.ts'
import { readMessages, writeMessage } from './messages.ts'
import upstreamRoutes from './upstream/routes.ts'
import { startWebSocketFront } from './websocket-front.ts'

const HOST = '127.0.0.1'

const { values } = parseArgs({
  options: {
    lane: { type: 'string' },
    codec: { type: 'string' },
    sliced: { type: 'boolean' },
    upstream: { type: 'boolean' },
    websockets: { type: 'boolean' },
  },
})
const lane = values.lane === 'reference' ? 'reference' : 'native'
const codec = values.codec === 'reflective' ? 'reflective' : 'compiled'
const routes = values.upstream ? upstreamRoutes : protocolRoutes

for await (const request of readMessages(ServerCompatRequestSchema, process.stdin)) {
  const response = await serve(request)
  writeMessage(ServerCompatResponseSchema, response, process.stdout)
  await once(process, 'SIGTERM')
  process.exit()
}

async function serve(request: ServerCompatRequest): Promise<ServerCompatResponse> {
  const app = fastify({ ...onePort(tlsOptions(request)) })
  await app.register(portico, {
    lane,
    codec,
    routes,
    ...(request.messageReceiveLimit > 0 && { readMaxBytes: request.messageReceiveLimit }),
  })
  await app.listen({ host: HOST, port: 0 })
  const address = app.server.address() as AddressInfo
  const { port } = await frontOf(address, request)
  const pemCert = request.useTls ? request.serverCreds?.cert : undefined
  return create(ServerCompatResponseSchema, { host: HOST, port, ...(pemCert && { pemCert }) })
}

async function frontOf(address: AddressInfo, { httpVersion }: ServerCompatRequest): Promise<{ port: number }> {
  if (values.sliced) return await startSlicingProxy(address.port)
  if (!values.websockets) return address
  return await startWebSocketFront(
    `ws://${HOST}:${address.port}`,
    httpVersion === HTTPVersion.HTTP_VERSION_1 ? '1.1' : '2',
  )
}

function protocolRoutes(router: ConnectRouter): void {
  router.service(ConformanceService, conformanceService)
}

function tlsOptions({ useTls, serverCreds, clientTlsCert }: ServerCompatRequest) {
  if (!useTls) return {}
  if (serverCreds === undefined) throw new Error('a server with TLS is asked for, but no certificate is given')
  const ca = clientTlsCert.length > 0 && { ca: Buffer.from(clientTlsCert) }
  return { tls: { cert: Buffer.from(serverCreds.cert), key: Buffer.from(serverCreds.key), ...ca } }
}
