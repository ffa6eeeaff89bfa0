/** A server with workers, as real processes, is one instance in a real etcd. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { BrokerProcess } from '../../support/brokers/broker-process.ts'
import { readEntries } from '../../support/brokers/etcd-json.ts'
import { startEtcdServer } from '../../support/brokers/etcd-server.ts'
import { callOnce, listenWithWorkers } from '../../support/worker-processes.ts'

let etcd: BrokerProcess
beforeAll(async () => {
  etcd = await startEtcdServer()
})
afterAll(() => etcd[Symbol.asyncDispose]())

const WAITING = { timeout: 15_000 }
const addresses = async () =>
  (await readEntries(etcd.port, 'greeter/')).map(({ value }) => (JSON.parse(value) as { readonly Addr: string }).Addr)

test('workers register as one instance, which a crash of one does not change, and a drain removes', async () => {
  const url = `etcd://127.0.0.1:${etcd.port}/greeter?ttl=5`
  const { server, origin, pids } = await listenWithWorkers(2, ['--registry', url])
  const address = origin.replace('http://', '')
  await expect.poll(addresses, WAITING).toEqual([address])
  process.kill(pids().get(1) as number, 'SIGKILL')
  await server.untilLine((line) => line === 'a worker started')
  await callOnce(origin)
  expect(await addresses()).toEqual([address])
  server.kill('SIGTERM')
  expect(await server.exited).toBe(0)
  expect(await addresses()).toEqual([])
  const messages = server.lines.filter(({ registry }) => registry === 'etcd').map(({ msg }) => msg)
  expect(messages.filter((message) => String(message).startsWith('registered by'))).not.toEqual([])
  expect(messages.filter((message) => !String(message).startsWith('registered by'))).toEqual([
    'registered',
    'deregistered',
  ])
})
