/** Servers register themselves in the key-value store of NATS, a real one. */
import { type KV, Kvm } from '@nats-io/kv'
import { connect } from '@nats-io/transport-node'
import { describe, onTestFinished } from 'vitest'
import type { InstanceMetadata } from '../../registry/contracts/registrar.ts'
import { natsRegistrar } from '../../registry/nats/nats-registrar.ts'
import { withJetStreamManager } from '../support/brokers/nats-manager.ts'
import { startNatsServer } from '../support/brokers/nats-server.ts'
import { type FoundInstance, testRegistrar } from '../support/contracts/registrar-contract.ts'
import { startCuttableProxy } from '../support/cuttable-proxy.ts'

const TTL_MS = 1_000

describe('natsRegistrar', () => {
  testRegistrar({
    async open() {
      const nats = await startNatsServer()
      onTestFinished(() => nats[Symbol.asyncDispose]())
      return {
        expiryMs: TTL_MS,
        async connect() {
          const proxy = await startCuttableProxy(nats.port)
          const servers = [proxy.origin.replace('http://', '')]
          return { registrar: natsRegistrar({ servers, ttlMs: TTL_MS, timeoutMs: 1_000 }), cut: () => proxy.cut() }
        },
        find: (service) => withBucket(nats.port, (bucket) => instancesIn(bucket, service)),
        stop: () => nats.stop('SIGKILL'),
        start: () => nats.start(),
        forget: async () => {
          await withJetStreamManager(nats.port, (manager) => manager.streams.purge('KV_portico-registry'))
        },
      }
    },
  })
})

async function instancesIn(bucket: KV, service: string): Promise<FoundInstance[]> {
  const found: FoundInstance[] = []
  for await (const key of await bucket.keys(`${service}.*`)) {
    const entry = await bucket.get(key)
    if (entry?.operation === 'PUT') found.push(entry.json<{ address: string; metadata: InstanceMetadata }>())
  }
  return found
}

async function withBucket<T>(port: number, work: (bucket: KV) => Promise<T>): Promise<T> {
  const connection = await connect({ port })
  try {
    return await work(await new Kvm(connection).create('portico-registry', { ttl: TTL_MS }))
  } finally {
    await connection.close()
  }
}
