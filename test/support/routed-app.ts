/** A Fastify whose hooks run before the calls of a greeter, on a port with all protocols. */
import { setImmediate as turn } from 'node:timers/promises'
import { create, toBinary } from '@bufbuild/protobuf'
import type { ServiceImpl } from '@connectrpc/connect'
import { type FastifyBaseLogger, type FastifyInstance, type FastifyServerOptions, fastify } from 'fastify'
import { GetStreamRequestSchema, GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import { onePort } from '../../server/listen/one-port.ts'
import type { OnePortOptions } from '../../server/listen/one-port-options.ts'
import { portico } from '../../server/plugin.ts'
import type { PorticoOptions } from '../../server/plugin-options.ts'
import { type CallProtocol, callHeaders, envelope, sayHello } from './calls.ts'
import { testCertificates } from './certificates.ts'
import { startFastify } from './demo-server.ts'
import { type Exchange, type ExchangeInit, exchangeHttp1, exchangeHttp2 } from './exchange.ts'
import { LogCapture } from './log-capture.ts'

/** A way to reach the port. */
export interface Front {
  readonly name: 'HTTP/1.1' | 'h2c' | 'HTTP/1.1 over TLS' | 'HTTP/2 over TLS'
  readonly scheme: 'http' | 'https'
  readonly exchange: Exchange
}

/** All of them. */
export const FRONTS: readonly Front[] = [
  { name: 'HTTP/1.1', scheme: 'http', exchange: exchangeHttp1 },
  { name: 'h2c', scheme: 'http', exchange: exchangeHttp2 },
  { name: 'HTTP/1.1 over TLS', scheme: 'https', exchange: exchangeHttp1 },
  { name: 'HTTP/2 over TLS', scheme: 'https', exchange: exchangeHttp2 },
]

/** A greeter call in one protocol, unary or a server stream. */
export interface CallCase {
  readonly name: string
  readonly protocol: CallProtocol
  readonly init: ExchangeInit & { readonly headers: Record<string, string> }
}

const GET_STREAM = '/greeter.v1.GreeterService/GetStream'

/** A unary call in each protocol, and a stream in each that supports it. */
export const CALLS: readonly CallCase[] = [
  ...(['grpc', 'grpc-web', 'grpc-web-text', 'connect', 'connect-json'] as const).map((protocol) => ({
    name: `${protocol}, unary`,
    protocol,
    init: sayHello(protocol),
  })),
  ...(['grpc', 'grpc-web', 'grpc-web-text', 'connect-stream'] as const).map((protocol) => ({
    name: `${protocol}, stream`,
    protocol,
    init: { path: GET_STREAM, headers: callHeaders(protocol), body: streamBody(protocol) },
  })),
]

/** Every call over every front, for test tables. */
export const CALLS_BY_FRONT: readonly (readonly [name: string, call: CallCase, front: Front])[] = FRONTS.flatMap(
  (front) => CALLS.map((call) => [`${call.name}, ${front.name}`, call, front] as const),
)

/** What a test sets. */
export interface RoutedAppOptions {
  /** Adds hooks before the calls. */
  readonly before?: (app: FastifyInstance) => unknown
  /** Adds hooks after the calls. */
  readonly after?: (app: FastifyInstance) => unknown
  readonly greeter?: Partial<ServiceImpl<typeof GreeterService>>
  readonly options?: Partial<PorticoOptions>
  readonly port?: OnePortOptions
  readonly fastify?: FastifyServerOptions
}

/** An app that listens. */
export interface RoutedApp {
  readonly app: FastifyInstance
  readonly log: LogCapture
  readonly port: number
  /** The names of the callers that a handler has seen. */
  readonly seen: readonly string[]
  /** Sends a request over a front. */
  call(front: Front, init: ExchangeInit): ReturnType<Exchange>
}

/** Starts it, cleartext and TLS on one port. It is closed when the running test ends. */
export async function startRoutedApp(init: RoutedAppOptions): Promise<RoutedApp> {
  const { ca, server } = await testCertificates()
  const log = new LogCapture()
  const seen: string[] = []
  const port = onePort({ tls: server, allowsCleartext: true, drainTimeoutMs: 0, ...init.port })
  const loggerInstance: FastifyBaseLogger = log.logger
  const app: FastifyInstance = fastify({ ...port, ...init.fastify, loggerInstance })
  await init.before?.(app)
  await app.register(portico, {
    routes: (router) => router.service(GreeterService, { ...greeterThatNotes(seen), ...init.greeter }),
    ...init.options,
  })
  await init.after?.(app)
  const listening = await startFastify(app)
  return {
    app,
    log,
    seen,
    port: listening.port,
    call: ({ scheme, exchange }, request) => exchange(`${scheme}://${listening.host}`, request, ca),
  }
}

/** A greeter that records whom it has greeted. */
export function greeterThatNotes(seen: string[]): Partial<ServiceImpl<typeof GreeterService>> {
  return {
    sayHello({ name }) {
      seen.push(name)
      return { message: `Hello ${name}` }
    },
    async *getStream({ topic }) {
      seen.push(topic)
      for (let sequence = 1n; sequence <= 3n; sequence++) {
        await turn()
        yield { topic, sequence, data: `message ${sequence}` }
      }
    },
    async putStream(requests) {
      let accepted = 0n
      for await (const { topic } of requests) {
        seen.push(topic)
        accepted++
      }
      return { accepted }
    },
    async *allStream(requests) {
      for await (const { topic, data } of requests) {
        seen.push(topic)
        yield { topic, data }
      }
    },
  }
}

function streamBody(protocol: CallProtocol): Buffer {
  const body = envelope(toBinary(GetStreamRequestSchema, create(GetStreamRequestSchema, { topic: 'Ada' })))
  return protocol === 'grpc-web-text' ? Buffer.from(body.toString('base64')) : body
}
