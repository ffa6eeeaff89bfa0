/** The registries and brokers of the other tests keep their data when they are killed. */
import { expect, test } from 'vitest'
import { startEtcdServer } from '../support/brokers/etcd-server.ts'
import { startNatsServer } from '../support/brokers/nats-server.ts'
import { startRedisServer } from '../support/brokers/redis-server.ts'
import { accepts } from '../support/ports.ts'

const SERVERS = [
  ['Redis', startRedisServer],
  ['etcd', startEtcdServer],
  ['NATS', startNatsServer],
] as const

test.each(SERVERS)('%s dies, and comes back at its port', async (_, start) => {
  const server = await start()
  try {
    await server.stop('SIGKILL')
    expect(await accepts(server.port)).toBe(false)
    await server.start()
    expect(await accepts(server.port)).toBe(true)
  } finally {
    await server[Symbol.asyncDispose]()
  }
})
