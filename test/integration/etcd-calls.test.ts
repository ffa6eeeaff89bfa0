/** What a member of etcd, which the test plays, receives of a registrar and a resolver. */
import { expect, onTestFinished, test } from 'vitest'
import { KV, Lease, Watch } from '../../gen/etcd/etcdserverpb/rpc_pb.js'
import { EtcdClient } from '../../registry/etcd/etcd-client.ts'
import { normalizeEtcdOptions } from '../../registry/etcd/etcd-options.ts'
import { etcdRegistrar } from '../../registry/etcd/etcd-registrar.ts'
import { systemClock } from '../../wire/http2/http2.ts'
import { startBackend } from '../support/backends.ts'
import { instanceOf } from '../support/contracts/registrar-contract.ts'
import { startRoutes } from '../support/demo-server.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { callAndLeave } from '../support/registry/call-and-leave.ts'
import { untilAborted } from '../support/until-aborted.ts'

test('the call of a watch ends when its reader leaves', async () => {
  const ended = Promise.withResolvers<void>()
  const { host } = await startRoutes({
    routes: (router) =>
      router.service(Watch, {
        async *watch(_requests, { signal }) {
          signal.addEventListener('abort', () => ended.resolve())
          yield { created: true }
          await untilAborted(signal)
        },
      }),
  })
  const client = new EtcdClient(normalizeEtcdOptions({ endpoints: [host] }), systemClock)
  onTestFinished(() => client.close())
  for await (const { created } of client.watch({}, new AbortController().signal)) {
    expect(created).toBe(true)
    break
  }
  await ended.promise
})

test('a channel that watches etcd keeps no process alive', async () => {
  const { port } = await startBackend('a')
  const value = Buffer.from(JSON.stringify({ Op: 0, Addr: `127.0.0.1:${port}` }))
  const { host } = await startRoutes({
    routes(router) {
      router.service(KV, {
        range: () => ({ header: { revision: 1n }, kvs: [{ key: Buffer.from('greeter/a'), value }] }),
      })
      router.service(Watch, {
        async *watch(_requests, { signal }) {
          yield { created: true }
          await untilAborted(signal)
        },
      })
    },
  })
  expect(await callAndLeave(`etcd://${host}/greeter`, ['etcd/public.ts', 'etcdResolver'])).toBe('a\n')
})

test('a server that deregisters while it registers again revokes each lease that its entry may have', async () => {
  const granted: bigint[] = []
  const revoked: bigint[] = []
  let puts = 0
  const { host } = await startRoutes({
    routes(router) {
      router.service(KV, {
        async put(_request, { signal }) {
          puts += 1
          if (puts > 1) await untilAborted(signal)
          return {}
        },
      })
      router.service(Lease, {
        leaseGrant() {
          const id = BigInt(granted.length + 1)
          granted.push(id)
          return { id, ttl: 3n }
        },
        async *leaseKeepAlive() {
          yield { ttl: 0n }
        },
        leaseRevoke({ id }) {
          revoked.push(id)
          return {}
        },
      })
    },
  })
  const clock = new ManualClock()
  const log = { info() {}, warn() {} }
  const registrar = etcdRegistrar({ endpoints: [host], ttlMs: 3_000 })
  const registration = registrar.register(instanceOf('a'), { clock, random: () => 0.5, log })
  await expect.poll(() => registration.isRegistered).toBe(true)
  clock.advance(1_000)
  await expect.poll(() => registration.isRegistered).toBe(false)
  clock.advance(1_000)
  await expect.poll(() => puts).toBe(2)
  await registration.deregister(5_000)
  expect(granted).toEqual([1n, 2n])
  expect(revoked.sort()).toEqual(granted)
})
