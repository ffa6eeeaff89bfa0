/** The demo: the greeter, its compatible predecessors, and the page that shows them. */
import type { ConnectRouter, HandlerContext } from '@connectrpc/connect'
import type { FastifyBaseLogger, FastifyInstance } from 'fastify'
import { Greeter as CompatGreeter } from '../gen/compat/greeter_pb.js'
import { Greeter as ProtoGreeter } from '../gen/compat/proto_pb.js'
import { GreeterService } from '../gen/greeter/v1/greeter_pb.js'
import { type App, type AppOptions, createApp } from './app.ts'
import { createCompatGreeterService } from './demo/compat/compat-greeter-service.ts'
import type { MessageLog } from './demo/compat/message-log.ts'
import { createProtoGreeterService } from './demo/compat/proto-greeter-service.ts'
import { createGreeterService } from './demo/greeter/greeter-service.ts'
import { addDemoPage } from './demo/page/demo-page.ts'
import { createMemoryTopicHub } from './demo/topics/memory-topic-hub.ts'
import type { TopicHub } from './demo/topics/topic-hub.ts'
import { peerKey } from './rpc/context-keys.ts'

/** How fast the demo's streams are. */
export interface DemoPace {
  /** The pause between two quotes of a `stocks/SYMBOL` topic. Default 1,000 ms. */
  readonly quoteIntervalMs?: number
  /** The pause between two messages of the older greeter's streams. Default 1,000 ms. */
  readonly compatIntervalMs?: number
}

/** What `createDemo` takes: the options of an app, except its services. */
export interface DemoOptions extends Omit<AppOptions, 'routes' | 'logger'>, DemoPace {
  /** A pino logger or one like it. Default: none. */
  readonly logger?: FastifyBaseLogger
  /** Serve the page at `/`. Default: true. */
  readonly servesPage?: boolean
}

/** What the services of the demo work with. */
export interface DemoParts extends DemoPace {
  /** Carries the messages; closed with the server. Default: a hub in memory. */
  readonly hub?: TopicHub | undefined
}

/** The services of the demo, and what they hold. */
export interface DemoServices {
  /** Registers the services. */
  register(router: ConnectRouter, log: MessageLog): void
  /** Ends streams when Fastify begins to close, and the hub once it has closed. Adds the page if it is wanted. */
  attach(fastify: FastifyInstance, servesPage: boolean): Promise<void>
}

/** Callers on a Unix socket count as one peer. */
const peerOf = ({ values }: HandlerContext): string => values.get(peerKey).address

const SILENT: MessageLog = { info() {} }

/** Creates the services of the demo. */
export function createDemoServices(parts: DemoParts = {}): DemoServices {
  const { quoteIntervalMs = 1_000, compatIntervalMs = 1_000 } = parts
  const hub = parts.hub ?? createMemoryTopicHub({ quoteIntervalMs })
  const closing = new AbortController()
  return {
    register(router, log) {
      router.service(GreeterService, createGreeterService(hub, { closing: closing.signal, peerOf }))
      router.service(CompatGreeter, createCompatGreeterService({ log, intervalMs: compatIntervalMs }))
      router.service(ProtoGreeter, createProtoGreeterService())
    },
    async attach(fastify, servesPage) {
      fastify.addHook('preClose', async () => closing.abort())
      fastify.addHook('onClose', async () => hub.close())
      if (servesPage) await addDemoPage(fastify)
    },
  }
}

/** Creates the server that `node server` runs, without the process; for tests. */
export async function createDemo(options: DemoOptions = {}): Promise<App> {
  const { servesPage = true, quoteIntervalMs, compatIntervalMs, ...appOptions } = options
  const services = createDemoServices({
    ...(quoteIntervalMs === undefined ? {} : { quoteIntervalMs }),
    ...(compatIntervalMs === undefined ? {} : { compatIntervalMs }),
  })
  const { logger = false } = options
  const log = logger || SILENT
  const app = await createApp({ ...appOptions, logger, routes: (router) => services.register(router, log) })
  await services.attach(app.fastify, servesPage)
  return app
}
