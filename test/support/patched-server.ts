/**
 * A server in a process where a library has patched node:http, as the first argument says: `otel`, `nock` or `global-agent`.
 * The parent learns the port, and the spans whenever it asks.
 */
import { syncBuiltinESMExports } from 'node:module'
import type { AddressInfo } from 'node:net'
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'

/** A span, as far as tests look at it. */
export interface ReportedSpan {
  /** 1: server, 2: client. */
  readonly kind: number
  readonly path: unknown
}

const exporter = new InMemorySpanExporter()

const PATCHES: Readonly<Record<string, () => Promise<void>>> = {
  async otel() {
    const { HttpInstrumentation } = await import('@opentelemetry/instrumentation-http')
    const instrumentation = new HttpInstrumentation()
    instrumentation.setTracerProvider(new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] }))
    instrumentation.enable()
    process.getBuiltinModule('module').createRequire(import.meta.url)('http')
  },
  async nock() {
    const { default: nock } = await import('nock')
    nock.disableNetConnect()
    for (const host of ['http://localhost', 'http://127.0.0.1', /.*/])
      nock(host).persist().get(/.*/).reply(200, 'mocked')
    for (const host of ['http://localhost', 'http://127.0.0.1', /.*/])
      nock(host).persist().post(/.*/).reply(200, 'mocked')
  },
  async 'global-agent'() {
    const { bootstrap } = await import('global-agent')
    bootstrap()
  },
}

await PATCHES[process.argv[2] ?? '']?.()
syncBuiltinESMExports()

const { fastify } = await import('fastify')
const { GreeterService } = await import('../../gen/greeter/v1/greeter_pb.js')
const { onePort } = await import('../../server/listen/one-port.ts')
const { portico } = await import('../../server/plugin.ts')

const app = fastify(onePort({ drainTimeoutMs: 0 }))
app.addHook('onRequest', async () => {})
await app.register(portico, {
  routes: (router) => router.service(GreeterService, { sayHello: ({ name }) => ({ message: `Hello ${name}` }) }),
})
app.get('/about', async () => ({ true: 'answer' }))
await app.listen({ port: 0, host: '127.0.0.1' })

process.on('message', () => process.send?.({ spans: exporter.getFinishedSpans().map(reported) }))
process.on('disconnect', () => app.close())
process.send?.({ port: (app.server.address() as AddressInfo).port })

function reported({ kind, attributes }: ReturnType<InMemorySpanExporter['getFinishedSpans']>[number]): ReportedSpan {
  return { kind, path: attributes['url.path'] ?? attributes['http.target'] }
}
