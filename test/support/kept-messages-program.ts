/**
 * Sends messages with `bytes` through a real call and keeps them all, at the server or at the client: `SIDE PROTOCOL COUNT BYTES`.
 * Reports the memory outside of the heap once everything else is collected.
 */
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { createClient } from '@connectrpc/connect'
import { createTransport } from '../../client/node/transport.ts'
import type { TransportOptions } from '../../client/node/transport-options.ts'
import { createApp } from '../../server/app.ts'
import { TestService } from '../gen/grpc/testing/test_pb.js'

const [side, protocol, count, bytes] = process.argv.slice(2)
const total = Number(count)
const body = randomBytes(Number(bytes))
const kept: unknown[] = []

const app = await createApp({
  logger: false,
  lane: 'native',
  listen: { drainTimeoutMs: 0 },
  routes: (router) =>
    router.service(TestService, {
      async streamingInputCall(requests) {
        for await (const request of requests) kept.push(request)
        return {}
      },
      async *streamingOutputCall() {
        for (let sent = 0; sent < total; sent++) yield { payload: { body } }
      },
    }),
})
const baseUrl = await app.fastify.listen({ port: 0, host: '127.0.0.1' })
const transport = createTransport({ baseUrl, protocol: protocol as NonNullable<TransportOptions['protocol']> })
const client = createClient(TestService, transport)

async function* requests() {
  for (let sent = 0; sent < total; sent++) yield { payload: { body } }
}

if (side === 'server') await client.streamingInputCall(requests())
else for await (const response of client.streamingOutputCall({})) kept.push(response)

await transport.close()
await app.drain()
for (let round = 0; round < 3; round++) {
  await sleep(20)
  globalThis.gc?.()
}
const { arrayBuffers, external } = process.memoryUsage()
process.send?.({ kept: kept.length, arrayBuffers, external }, () => process.exit())
