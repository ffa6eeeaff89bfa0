/** Calls whose connections are cut into single bytes, both ways. */
import { describe, expect, onTestFinished, test } from 'vitest'
import { endOf, SAY_HELLO, sayHello, UNARY_PROTOCOLS } from '../support/calls.ts'
import { startDemo } from '../support/demo-server.ts'
import { exchanges } from '../support/exchange.ts'
import { RawSocket } from '../support/raw-socket.ts'
import { startSlicingProxy } from '../support/slicing-proxy.ts'

async function startSliced(): Promise<number> {
  const { port } = await startDemo()
  const proxy = await startSlicingProxy(port)
  onTestFinished(() => proxy.close())
  return proxy.port
}

for (const [version, exchange] of exchanges) {
  describe(version, () => {
    test.each(UNARY_PROTOCOLS)('a call in %s is answered', async (protocol) => {
      const port = await startSliced()
      const answer = await exchange(`http://127.0.0.1:${port}`, sayHello(protocol))
      expect(answer.status).toBe(200)
      expect(endOf(protocol, answer)).toEqual({ code: 'ok', message: '' })
      expect(answer.body.toString('latin1')).toContain('Hello Ada')
    })
  })
}

test('a client that half-closed still gets its response', async () => {
  const raw = await RawSocket.open({ port: await startSliced() })
  const head = `POST ${SAY_HELLO} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 14\r\n\r\n`
  raw.socket.end(`${head}{"name":"Ada"}`)
  await raw.closed
  expect(raw.text).toContain('Hello Ada')
})
