/** Requests reach Fastify without passing what other libraries patch in node:http. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { endOf, sayHello } from '../support/calls.ts'
import { exchanges } from '../support/exchange.ts'

const SERVER = path.resolve(import.meta.dirname, '../support/patched-server.ts')

/** Starts one; it ends with the running test. */
async function start(library: string): Promise<{ origin: string }> {
  const child = fork(SERVER, [library], { env: { PATH: process.env.PATH } })
  const exited = once(child, 'exit')
  onTestFinished(async () => {
    if (child.connected) child.disconnect()
    await exited
  })
  const [{ port }] = (await Promise.race([once(child, 'message'), exited])) as [{ port: number }]
  return { origin: `http://127.0.0.1:${port}` }
}

/** An ordinary request and calls, over both versions of HTTP. */
async function expectTrueAnswers(origin: string): Promise<void> {
  for (const [version, exchange] of exchanges) {
    const about = await exchange(origin, { method: 'GET', path: '/about' })
    expect(about.body.toString(), version).toBe('{"true":"answer"}')
    const posted = await exchange(origin, { path: '/nowhere', body: 'body' })
    expect(posted.status, version).toBe(404)
    for (const protocol of ['grpc-web', 'connect', 'connect-json'] as const) {
      const answer = await exchange(origin, sayHello(protocol))
      expect(endOf(protocol, answer).code, `${protocol} over ${version}`).toBe('ok')
      expect(answer.body.toString(), `${protocol} over ${version}`).toContain('Hello Ada')
    }
  }
}

test('a mock of nock answers no real client', async () => {
  const { origin } = await start('nock')
  await expectTrueAnswers(origin)
})
