/** A server whose handlers keep their input and never respond, as a child process with a small heap. */
import type { ServiceImpl } from '@connectrpc/connect'
import { createApp } from '../../server/app.ts'
import { Sampler } from './sample-types.ts'

/** Its messages: first that it listens, then a reply to each message. */
export interface HeapFigures {
  readonly port: number
  /** Messages that handlers have received so far. */
  readonly received: number
}

const kept: unknown[] = []
const until = new Promise<never>(() => {})
const [readMaxBytes] = process.argv.slice(2).map(Number)

/** Its types are known only at run time. */
const sampler: object = {
  keep(message: unknown) {
    kept.push(message)
    return until
  },
  async *chat(messages: AsyncIterable<unknown>) {
    for await (const message of messages) kept.push(message)
    yield* []
  },
}

const { fastify } = await createApp({
  ...(readMaxBytes !== undefined && { readMaxBytes }),
  listen: { drainTimeoutMs: 0 },
  routes: (router) => router.service(Sampler, sampler as ServiceImpl<typeof Sampler>),
})
await fastify.listen({ port: 0, host: '127.0.0.1' })
const address = fastify.server.address()
const port = typeof address === 'object' ? (address?.port ?? 0) : 0

function tell(): void {
  process.send?.({ port, received: kept.length } satisfies HeapFigures)
}

process.on('message', tell)
process.once('disconnect', () => process.exit())
tell()
