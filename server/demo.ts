/** Assembles the server of this product: the greeter, its compatible predecessors, and the page that shows them. */
import type { ConnectRouter, HandlerContext } from '@connectrpc/connect'
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
import { peerKey } from './rpc/context-keys.ts'

/** What `createDemo` takes: the options of an app, whose services it brings itself. */
export interface DemoOptions extends Omit<AppOptions, 'routes'> {
  /** Serve the page at `/`. Default: true. */
  readonly servesPage?: boolean
  /** The pause between two quotes of a `stocks/SYMBOL` topic. Default 1,000 ms. */
  readonly quoteIntervalMs?: number
  /** The pause between two messages of the older greeter's streams. Default 1,000 ms. */
  readonly compatIntervalMs?: number
}

/** Callers on a Unix socket are one peer. */
const peerOf = ({ values }: HandlerContext): string => values.get(peerKey).address

const SILENT: MessageLog = { info() {} }

/** Creates the server that `node server` runs; tests create it without the process. */
export async function createDemo(options: DemoOptions = {}): Promise<App> {
  const { servesPage = true, quoteIntervalMs = 1_000, compatIntervalMs = 1_000, ...appOptions } = options
  const hub = createMemoryTopicHub({ quoteIntervalMs })
  const closing = new AbortController()
  const compat = createCompatGreeterService({ log: options.logger ?? SILENT, intervalMs: compatIntervalMs })
  const app = await createApp({
    ...appOptions,
    routes(router: ConnectRouter) {
      router.service(GreeterService, createGreeterService(hub, { closing: closing.signal, peerOf }))
      router.service(CompatGreeter, compat)
      router.service(ProtoGreeter, createProtoGreeterService())
    },
  })
  app.fastify.addHook('preClose', async () => closing.abort())
  app.fastify.addHook('onClose', async () => hub.close())
  if (servesPage) await addDemoPage(app.fastify)
  return app
}
