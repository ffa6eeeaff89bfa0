/** The server whose memory is measured: a child process with --expose-gc, which returns figures for `measure`. */
import { setTimeout as sleep } from 'node:timers/promises'
import { createApp } from '../../server/app.ts'
import { processMemory } from '../../wire/http2/http2.ts'
import { HeavyService } from '../support/heavy/heavy-service.ts'

/** The memory that the server uses. */
export interface MemoryFigures {
  readonly rssBytes: number
  /** Memory of the JavaScript heap and buffers after a collection. */
  readonly liveBytes: number
  /** What sessions hold of bodies. */
  readonly heldBytes: number
  /** Sessions that hold anything. */
  readonly sessions: number
  readonly connections: number
}

/** Collections before a figure counts: what one frees may be referred to by what the next one frees. */
const COLLECTIONS = 4
const PAUSE_MS = 50

const service = new HeavyService()
const { fastify } = await createApp({
  routes: service.routes,
  listen: { drainTimeoutMs: 0, keepalive: { minTimeMs: 0 } },
})
await fastify.listen({ port: 0, host: '127.0.0.1' })
const address = fastify.server.address()

process.on('message', async (question: 'measure' | 'wake' | 'end') => {
  if (question === 'measure') process.send?.(await measure())
  else if (question === 'wake') service.wake()
  else {
    await fastify.close()
    process.disconnect?.()
  }
})
// The parent may have exited.
process.once('disconnect', () => process.exit())
process.send?.({ port: typeof address === 'object' ? address?.port : undefined })

async function measure(): Promise<MemoryFigures> {
  for (let n = 0; n < COLLECTIONS; n++) {
    globalThis.gc?.()
    await sleep(PAUSE_MS)
  }
  const { rss, heapUsed, external } = process.memoryUsage()
  const connections = await new Promise<number>((resolve) => {
    fastify.server.getConnections((_error, count) => resolve(count))
  })
  const { heldBytes, size } = processMemory
  return { rssBytes: rss, liveBytes: heapUsed + external, heldBytes, sessions: size, connections }
}
