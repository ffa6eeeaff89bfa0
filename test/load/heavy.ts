/** Well-behaved peers at full load against one server. Exits with 1 if one of them was punished. */
import { createApp } from '../../server/app.ts'
import { processMemory } from '../../wire/http2/http2.ts'
import { HEAVY_PEERS, HEAVY_RECEIVE_BYTES } from '../support/heavy/heavy-peers.ts'
import { HeavyService } from '../support/heavy/heavy-service.ts'

const service = new HeavyService()
const { fastify } = await createApp({
  routes: service.routes,
  readMaxBytes: HEAVY_RECEIVE_BYTES,
  listen: { drainTimeoutMs: 0, keepalive: { minTimeMs: 0 } },
})
await fastify.listen({ port: 0, host: '127.0.0.1' })
const address = fastify.server.address()
if (address === null || typeof address === 'string') throw new Error('the server listens on no port')

for (const { name, many, run } of HEAVY_PEERS) {
  const startedAtMs = performance.now()
  await run({ port: address.port, service }, many)
  const seconds = (performance.now() - startedAtMs) / 1_000
  process.stdout.write(`${many} ${name}: ${seconds.toFixed(1)} s\n`)
}
await fastify.close()
if (processMemory.heldBytes !== 0) throw new Error(`${processMemory.heldBytes} octets are still held`)
