/** Legitimate peers may send as much as they like: no budget, window or queue limits them. */
import { expect, test } from 'vitest'
import { processMemory } from '../../wire/http2/http2.ts'
import { startRoutes } from '../support/demo-server.ts'
import { HEAVY_PEERS, HEAVY_RECEIVE_BYTES } from '../support/heavy/heavy-peers.ts'
import { HeavyService } from '../support/heavy/heavy-service.ts'

test.each(HEAVY_PEERS)('$few $name', { timeout: 60_000 }, async ({ run, few }) => {
  const service = new HeavyService()
  const { port } = await startRoutes({ routes: service.routes, readMaxBytes: HEAVY_RECEIVE_BYTES })
  await run({ port, service }, few)
  await expect.poll(() => processMemory.heldBytes).toBe(0)
})
