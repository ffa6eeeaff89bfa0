/** A test greeter on Node's own servers: gRPC-Web and Connect over HTTP/1.1 or HTTP/2, with custom responses. */
import * as http from 'node:http'
import * as http2 from 'node:http2'
import type { ListenOptions, Socket } from 'node:net'
import type { ConnectRouter } from '@connectrpc/connect'
import { connectNodeAdapter } from '@connectrpc/connect-node'
import { onTestFinished } from 'vitest'
import { type GreeterService, GreeterService as greeterDesc } from '../../gen/greeter/v1/greeter_pb.js'
import { startListening } from './start-listening.ts'

/** A request of either version, by their common interface. */
export type AnyRequest = http.IncomingMessage | http2.Http2ServerRequest

/** A response of either version. */
export type AnyResponse = http.ServerResponse | http2.Http2ServerResponse

/** What a test sets. */
export interface HttpServerOptions {
  readonly httpVersion: '1.1' | '2'
  /** What the greeter implements; the rest is UNIMPLEMENTED. */
  readonly greeter?: Parameters<typeof serveGreeter>[1]
  /** Sends a custom response; false leaves the request to the greeter. Counts from 0. */
  readonly answer?: (request: AnyRequest, response: AnyResponse, count: number) => boolean
  /** As for `startListening`. Default: any free port. */
  readonly where?: ListenOptions
}

/** A listening server. */
export interface HttpServer {
  readonly port: number
  /** `http://127.0.0.1:PORT` */
  readonly origin: string
  /** The headers of all requests, in order. */
  readonly heads: readonly http.IncomingHttpHeaders[]
  /** How many connections were opened so far. */
  readonly connections: number
  /** The open ones. */
  readonly sockets: ReadonlySet<Socket>
  readonly server: http.Server | http2.Http2Server
  /** Cuts every connection, and settles once the port is free. */
  close(): Promise<void>
}

/** Listens before it returns, and is closed when the running test ends. */
export async function startHttpServer({ httpVersion, greeter = {}, answer, where }: HttpServerOptions) {
  const heads: http.IncomingHttpHeaders[] = []
  const counts = { connections: 0 }
  const serve = connectNodeAdapter({ routes: (router) => serveGreeter(router, greeter) })
  const onRequest = (request: AnyRequest, response: AnyResponse): void => {
    heads.push(request.headers)
    if (answer?.(request, response, heads.length - 1) !== true) serve(request as never, response as never)
  }
  const server = httpVersion === '2' ? http2.createServer(onRequest) : http.createServer(onRequest)
  server.on('connection', () => {
    counts.connections += 1
  })
  const { port, sockets, close } = await startListening(server, where)
  onTestFinished(close)
  const started: HttpServer = {
    port,
    origin: `http://127.0.0.1:${port}`,
    heads,
    get connections() {
      return counts.connections
    },
    sockets,
    server,
    close,
  }
  return started
}

function serveGreeter(router: ConnectRouter, greeter: Parameters<typeof router.service<typeof GreeterService>>[1]) {
  return router.service(greeterDesc, greeter)
}
