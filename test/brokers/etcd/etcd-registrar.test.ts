/** The contract of registrars holds for etcd, whose entries are read by its JSON gateway. */
import { afterAll, beforeAll, onTestFinished } from 'vitest'
import { etcdRegistrar } from '../../../registry/etcd/etcd-registrar.ts'
import type { BrokerProcess } from '../../support/brokers/broker-process.ts'
import { readEntries, removeEntry } from '../../support/brokers/etcd-json.ts'
import { startEtcdServer } from '../../support/brokers/etcd-server.ts'
import { testRegistrar } from '../../support/contracts/registrar-contract.ts'
import { startCuttableProxy } from '../../support/cuttable-proxy.ts'

/** The shortest that etcd grants. */
const TTL_MS = 2_000

let etcd: BrokerProcess
beforeAll(async () => {
  etcd = await startEtcdServer()
})
afterAll(() => etcd[Symbol.asyncDispose]())

testRegistrar({
  async open() {
    let isStopped = false
    const start = async () => {
      if (isStopped) await etcd.start()
      isStopped = false
    }
    const forget = async () => {
      for (const { key } of await readEntries(etcd.port, 'greeter')) await removeEntry(etcd.port, key)
    }
    onTestFinished(async () => {
      await start()
      await forget()
    })
    return {
      expiryMs: TTL_MS + 1_000,
      async connect() {
        const proxy = await startCuttableProxy(etcd.port)
        const registrar = etcdRegistrar({ endpoints: [new URL(proxy.origin).host], ttlMs: TTL_MS })
        return { registrar, cut: () => proxy.cut() }
      },
      async find(service) {
        const entries = await readEntries(etcd.port, `${service}/`)
        return entries.map(({ value }) => {
          const { Addr, Metadata } = JSON.parse(value) as { Addr: string; Metadata: object | null }
          return { address: Addr, metadata: { ...Metadata } }
        })
      },
      async stop() {
        isStopped = true
        await etcd.stop('SIGKILL')
      },
      start,
      forget,
    }
  },
})
