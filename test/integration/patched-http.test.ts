/** Requests reach Fastify without passing what other libraries patch in node:http. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { endOf, sayHello } from '../support/calls.ts'
import { exchanges } from '../support/exchange.ts'
import type { ReportedSpan } from '../support/patched-server.ts'
import { startListening } from '../support/start-listening.ts'

const SERVER = path.resolve(import.meta.dirname, '../support/patched-server.ts')
const SERVER_SPAN = 1

/** Starts one; it ends with the running test. */
async function start(library: string, env: NodeJS.ProcessEnv = {}): Promise<{ child: ChildProcess; origin: string }> {
  const child = fork(SERVER, [library], { env: { PATH: process.env.PATH, ...env } })
  const exited = once(child, 'exit')
  onTestFinished(async () => {
    if (child.connected) child.disconnect()
    await exited
  })
  const [{ port }] = (await Promise.race([once(child, 'message'), exited])) as [{ port: number }]
  return { child, origin: `http://127.0.0.1:${port}` }
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

test('OpenTelemetry sees requests over HTTP/2 once, as server requests', async () => {
  const { child, origin } = await start('otel')
  await expectTrueAnswers(origin)
  child.send('spans')
  const [{ spans }] = (await once(child, 'message')) as [{ spans: ReportedSpan[] }]
  expect(spans.filter(({ kind }) => kind !== SERVER_SPAN)).toEqual([])
  expect(spans.filter((span) => span.path === '/about')).toHaveLength(exchanges.length)
})

test('a nock mock does not intercept real clients', async () => {
  const { origin } = await start('nock')
  await expectTrueAnswers(origin)
})

test('global-agent does not proxy our calls', async () => {
  let connections = 0
  const proxy = await startListening(
    createServer((socket) => {
      connections += 1
      socket.destroy()
    }),
  )
  onTestFinished(() => proxy.close())
  const address = `http://127.0.0.1:${proxy.port}`
  const { origin } = await start('global-agent', {
    GLOBAL_AGENT_HTTP_PROXY: address,
    GLOBAL_AGENT_HTTPS_PROXY: address,
  })
  await expectTrueAnswers(origin)
  expect(connections).toBe(0)
})
