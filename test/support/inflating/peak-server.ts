/**
 * A server as a process of its own, which tells how much memory it has taken at most. Its arguments: what the process may hold, and
 * `routed` where calls are to go through Fastify.
 */
import type { AddressInfo } from 'node:net'
import type { ConnectRouter, HandlerContext } from '@connectrpc/connect'
import { fastify } from 'fastify'
import { GreeterService } from '../../../gen/greeter/v1/greeter_pb.js'
import { onePort } from '../../../server/listen/one-port.ts'
import { portico } from '../../../server/plugin.ts'
import { COMPRESSIONS } from '../../../wire/compression/compression-choice.ts'
import { processMemory } from '../../../wire/http2/http2.ts'
import { untilAborted } from '../until-aborted.ts'
import type { MemoryPeak } from './peak-process.ts'

const LARGE = 'x'.repeat(4_000_000)

/** As the field `x-handler` says: it holds the request until the caller leaves, answers a lot, or says how long the request is. */
async function answerTo(text: string, { requestHeader, signal }: HandlerContext): Promise<string> {
  const kind = requestHeader.get('x-handler')
  if (kind === 'hold') await untilAborted(signal)
  return kind === 'large' ? LARGE : String(text.length)
}

function routes(router: ConnectRouter): void {
  router.service(GreeterService, {
    sayHello: async ({ name }, context) => ({ message: await answerTo(name, context) }),
    async *getStream({ topic, limit }, context) {
      for (let i = 0; i < Math.max(limit, 1); i++) yield { data: await answerTo(topic, context) }
    },
    async putStream(messages, context) {
      let accepted = 0n
      for await (const { data } of messages) accepted += BigInt((await answerTo(data, context)).length > 0)
      return { accepted }
    },
    async *allStream(messages, context) {
      for await (const { data } of messages) yield { data: await answerTo(data, context) }
    },
  })
}

const processBufferBytes = Number(process.argv[2])
const app = fastify({ ...onePort({ drainTimeoutMs: 0, http2: { processBufferBytes } }) })
if (process.argv[3] === 'routed') app.addHook('preHandler', async () => {})
await app.register(portico, { routes, acceptCompression: COMPRESSIONS })
await app.listen({ port: 0, host: '127.0.0.1' })

process.on('message', () => {
  const { heldBytes } = processMemory
  process.send?.({ peakBytes: process.resourceUsage().maxRSS * 1_024, heldBytes } satisfies MemoryPeak)
})
process.once('disconnect', () => process.exit())
process.send?.({ port: (app.server.address() as AddressInfo).port })
