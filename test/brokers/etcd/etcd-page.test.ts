/** The programs of the page about etcd do what it says. */
import { expect, test } from 'vitest'
import { startEtcdServer } from '../../support/brokers/etcd-server.ts'
import { runRegistryPage } from '../../support/pages/registry-page.ts'

test('a server registers in etcd, and a client finds it', async () => {
  const server = await startEtcdServer()
  try {
    const result = await runRegistryPage('docs/registry/etcd.md', { '127.0.0.1:2379': `127.0.0.1:${server.port}` })
    expect(result).toEqual({ printed: 'Hello World\n', serverCode: 0 })
  } finally {
    await server[Symbol.asyncDispose]()
  }
})
