/** Members of etcd that keep their connections, but no longer answer or no longer know the leader of the cluster. */
import { expect, onTestFinished, test, vi } from 'vitest'
import { etcdRegistrar } from '../../../registry/etcd/etcd-registrar.ts'
import { etcdResolver } from '../../../registry/etcd/etcd-resolver.ts'
import { systemClock } from '../../../wire/http2/http2.ts'
import type { BrokerProcess } from '../../support/brokers/broker-process.ts'
import { writeEntry } from '../../support/brokers/etcd-json.ts'
import { startEtcdPair, startEtcdServer } from '../../support/brokers/etcd-server.ts'
import { instanceOf } from '../../support/contracts/registrar-contract.ts'
import { FollowedTarget } from '../../support/registry/follow-target.ts'

const WAITING = { timeout: 30_000, interval: 20 }
const ENTRY = JSON.stringify({ Op: 0, Addr: '127.0.0.1:1', Metadata: null })

// Together, as both mostly wait.
test('a member that hangs, and one that has lost its leader, are noticed, and used again later', async () => {
  const [single, pair] = await Promise.all([startEtcdServer(), startEtcdPair()])
  for (const each of [single, ...pair]) onTestFinished(() => each[Symbol.asyncDispose]())
  await Promise.all([testHang(single), testLostLeader(...pair)])
})

async function testHang(etcd: BrokerProcess): Promise<void> {
  const endpoints = [`127.0.0.1:${etcd.port}`]
  const messages: string[] = []
  const log = (_fields: object, message: string) => void messages.push(message)
  const registration = etcdRegistrar({ endpoints, ttlMs: 2_000, timeoutMs: 500 }).register(instanceOf('a'), {
    clock: systemClock,
    random: () => 0.5,
    log: { info: log, warn: log },
  })
  onTestFinished(() => registration.deregister(1))
  const found = new FollowedTarget('etcd:///greeter', etcdResolver({ endpoints, timeoutMs: 1_000 }))
  await vi.waitFor(() => expect(found.addresses).toEqual(['127.0.0.1:1001']), WAITING)
  etcd.signal('SIGSTOP')
  await vi.waitFor(() => expect(registration.isRegistered).toBe(false), WAITING)
  await vi.waitFor(() => expect(found.error).not.toBeNull(), WAITING)
  expect(found.addresses).toEqual(['127.0.0.1:1001'])
  etcd.signal('SIGCONT')
  await vi.waitFor(() => expect(registration.isRegistered).toBe(true), WAITING)
  expect(messages.slice(-2)).toEqual(['registration lost; registering again', 'registered again'])
  await writeEntry(etcd.port, 'greeter/b', ENTRY)
  await vi.waitFor(() => expect(found.addresses).toEqual(['127.0.0.1:1', '127.0.0.1:1001']), WAITING)
}

async function testLostLeader(asked: BrokerProcess, other: BrokerProcess): Promise<void> {
  await writeEntry(asked.port, 'greeter/b', ENTRY)
  const endpoints = [`127.0.0.1:${asked.port}`]
  const found = new FollowedTarget('etcd:///greeter', etcdResolver({ endpoints, timeoutMs: 1_000 }))
  await vi.waitFor(() => expect(found.addresses).toEqual(['127.0.0.1:1']), WAITING)
  await other.stop('SIGKILL')
  await vi.waitFor(() => expect(found.error?.rawMessage).toContain('no leader'), WAITING)
  expect(found.addresses).toEqual(['127.0.0.1:1'])
  await other.start()
  await vi.waitFor(() => expect(found.error).toBeNull(), WAITING)
  await writeEntry(asked.port, 'greeter/b', ENTRY.replace(':1"', ':2"'))
  await vi.waitFor(() => expect(found.addresses).toEqual(['127.0.0.1:2']), WAITING)
}
