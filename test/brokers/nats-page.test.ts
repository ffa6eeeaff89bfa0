/** The programs of the page about NATS do what it says. */
import { expect, test } from 'vitest'
import { startNatsServer } from '../support/brokers/nats-server.ts'
import { runRegistryPage } from '../support/pages/registry-page.ts'

test('a server registers in NATS, and a client finds it', async () => {
  const server = await startNatsServer()
  try {
    const result = await runRegistryPage('docs/registry/nats.md', { '127.0.0.1:4222': `127.0.0.1:${server.port}` })
    expect(result).toEqual({ printed: 'Hello World\n', serverCode: 0 })
  } finally {
    await server[Symbol.asyncDispose]()
  }
})
