/** A Fastify with a test's plugins and an ordinary route next to the calls, on a port with all protocols. */
import type { AddressInfo } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import type { ConnectRouter, HandlerContext } from '@connectrpc/connect'
import { type FastifyBaseLogger, type FastifyInstance, type FastifyRequest, fastify } from 'fastify'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import { onePort } from '../../server/listen/one-port.ts'
import { portico } from '../../server/plugin.ts'
import type { PorticoOptions } from '../../server/plugin-options.ts'
import { fastifyRequestKey } from '../../server/rpc/context-keys.ts'
import { type KeyedCertificate, testCertificates } from './certificates.ts'
import { testLane } from './demo-server.ts'
import { LogCapture } from './log-capture.ts'
import type { MatrixTarget } from './matrix.ts'

/** Servers that Fastify can run on. */
export type ServerKind = 'onePort' | 'http' | 'http2' | 'http2 over TLS'

/** What a test sets. */
export interface PluginAppOptions {
  /** Registers plugins and hooks. */
  readonly plugins: (app: FastifyInstance) => unknown
  /** Where to register: before the calls, after them, or with them in a scope under `/api`. Default: before. */
  readonly where?: 'before' | 'behind' | 'in a scope'
  /** What handlers and the route read from a Fastify request, and respond with. Default: nothing, as on the direct path. */
  readonly sees?: (request: FastifyRequest) => unknown
  /** The response if nothing is read. Default: empty. */
  readonly says?: string
  /** The server that Fastify runs on. Default: our port, with all features. */
  readonly server?: ServerKind
  /** More options of the plugin under test. Default: none. */
  readonly options?: Partial<PorticoOptions>
}

/** A listening app. */
export interface PluginApp extends MatrixTarget {
  readonly app: FastifyInstance
  /** Where the plugins are. */
  readonly scope: FastifyInstance
  readonly log: LogCapture
  /** The prefix of the calls and of the route. */
  readonly prefix: string
}

/** The path of the ordinary route: GET. */
export const ROUTE = '/about'

/** Messages in a stream of the app. */
export const STREAM_LENGTH = 3

/** Starts it, cleartext and TLS on one port. The caller closes it. */
export async function startPluginApp(init: PluginAppOptions): Promise<PluginApp> {
  const { where = 'before', server = 'onePort' } = init
  const log = new LogCapture()
  const { ca, server: tls } = await testCertificates()
  const app = createFastify(server, tls, log.logger)
  let scope = app
  async function mountIn(own: FastifyInstance): Promise<void> {
    scope = own
    await mount(own, init)
  }
  if (where === 'in a scope') await app.register(mountIn, { prefix: '/api' })
  else await mountIn(app)
  await app.listen({ port: 0, host: '127.0.0.1' })
  return { app, scope, log, ca, prefix: scope.prefix, port: (app.server.address() as AddressInfo).port }
}

async function mount(app: FastifyInstance, init: PluginAppOptions): Promise<void> {
  const { plugins, where, sees, says = '', options } = init
  if (where !== 'behind') await plugins(app)
  await app.register(portico, {
    lane: testLane,
    routes: (router) =>
      addGreeter(router, ({ values }) => (sees === undefined ? says : look(values.get(fastifyRequestKey), sees))),
    ...options,
  })
  if (where === 'behind') await plugins(app)
  app.get(ROUTE, async (request) => ({ saw: sees === undefined ? says : look(request, sees) }))
}

/** Fastify's types distinguish servers, which tests do not need. */
function createFastify(kind: ServerKind, tls: KeyedCertificate, loggerInstance: FastifyBaseLogger): FastifyInstance {
  if (kind === 'onePort') {
    return fastify({ ...onePort({ tls, allowsCleartext: true, drainTimeoutMs: 0 }), loggerInstance })
  }
  if (kind === 'http') return fastify({ loggerInstance })
  const https = { ...tls, allowHTTP1: true }
  const app =
    kind === 'http2' ? fastify({ http2: true, loggerInstance }) : fastify({ http2: true, https, loggerInstance })
  return app as unknown as FastifyInstance
}

function look(request: FastifyRequest | undefined, sees: (request: FastifyRequest) => unknown): string {
  if (request === undefined) throw new Error('the call came without its Fastify request')
  return String(sees(request))
}

/** Its responses are created anew for each message. */
function addGreeter(router: ConnectRouter, answer: (context: HandlerContext) => string): void {
  router.service(GreeterService, {
    sayHello: (_request, context) => ({ message: answer(context) }),
    async *getStream({ topic }, context) {
      for (let sequence = 1n; sequence <= STREAM_LENGTH; sequence++) {
        await turn()
        yield { topic, sequence, data: answer(context) }
      }
    },
  })
}
