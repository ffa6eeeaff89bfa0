/** Servers that send GOAWAY before, during or after a response. Connections that served calls cause no backoff. */

import { createServer, type Http2Session } from 'node:http2'
import { setTimeout as sleep } from 'node:timers/promises'
import { Code } from '@connectrpc/connect'
import { connectNodeAdapter } from '@connectrpc/connect-node'
import { describe, expect, onTestFinished, test } from 'vitest'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import { openGreeter } from '../support/open-greeter.ts'
import { startListening } from '../support/start-listening.ts'

/** What the server does with the session of a request before it responds; it awaits the result. */
type BeforeAnswer = (session: Http2Session, requests: number) => Promise<unknown> | undefined

/** A server of node:http2 that counts the requests of each connection. */
async function startLeavingServer(beforeAnswer: BeforeAnswer) {
  const requests = new WeakMap<Http2Session, number>()
  const answer = connectNodeAdapter({
    routes: (router) => router.service(GreeterService, { sayHello: ({ name }) => ({ message: `Hello ${name}` }) }),
  })
  const server = createServer(async (request, response) => {
    const { session } = request.stream
    if (session === undefined) return
    const count = (requests.get(session) ?? 0) + 1
    requests.set(session, count)
    await beforeAnswer(session, count)
    answer(request, response)
  })
  server.on('session', (session) => session.on('error', () => {}))
  const { port, close } = await startListening(server)
  onTestFinished(close)
  return { baseUrl: `http://127.0.0.1:${port}` }
}

const GOODBYES: [string, BeforeAnswer][] = [
  ['closes the session before each answer', (session) => void session.close()],
  ['says GOAWAY before each answer', (session) => void session.goaway(0)],
  ['closes the session after each answer', (session) => void setImmediate(() => session.close())],
  [
    'closes the session a little before each answer',
    async (session) => {
      session.close()
      await sleep(5)
    },
  ],
  [
    'closes the session with the tenth request',
    async (session, count) => {
      if (count === 10) session.close()
      await sleep(5)
    },
  ],
]

describe.each(['grpc', 'grpc-web', 'connect'] as const)('%s', (protocol) => {
  test.each(GOODBYES)('60 of 60 calls succeed where the server %s', async (_what, beforeAnswer) => {
    const { baseUrl } = await startLeavingServer(beforeAnswer)
    const { client } = openGreeter({ baseUrl, protocol, httpVersion: '2' })
    const failures: string[] = []
    for (let call = 0; call < 60; call++) await client.sayHello({}).catch((error) => failures.push(String(error)))
    expect(failures).toEqual([])
  })

  // As nginx does by keepalive_requests: the others of the thirty must come again, some of them more than once.
  test('600 of 600 calls succeed, 30 at a time, with ten calls per connection', async () => {
    const { baseUrl } = await startLeavingServer(async (session, count) => {
      if (count === 10) session.close()
      await sleep(20)
    })
    const { client } = openGreeter({ baseUrl, protocol, httpVersion: '2' })
    const failures: string[] = []
    const callers = Array.from({ length: 30 }, async () => {
      for (let call = 0; call < 20; call++) await client.sayHello({}).catch((error) => failures.push(String(error)))
    })
    await Promise.all(callers)
    expect(failures).toEqual([])
  })

  test('all simultaneous calls succeed with one call per connection', async () => {
    const { baseUrl } = await startLeavingServer((session) => void session.close())
    const { client } = openGreeter({ baseUrl, protocol, httpVersion: '2' })
    const names = Array.from({ length: 20 }, (_, index) => String(index))
    const answers = await Promise.all(names.map((name) => client.sayHello({ name })))
    expect(answers.map(({ message }) => message)).toEqual(names.map((name) => `Hello ${name}`))
  })

  test('a server that closes every connection is not reconnected to in a loop', async () => {
    let connections = 0
    const server = createServer().on('session', (session) => {
      connections += 1
      session.on('error', () => {}).goaway(0, 0)
    })
    const { port, close } = await startListening(server)
    onTestFinished(close)
    const { client } = openGreeter({ baseUrl: `http://127.0.0.1:${port}`, protocol, httpVersion: '2' })
    await expect(client.sayHello({}, { timeoutMs: 10_000 })).rejects.toMatchObject({ code: Code.Unavailable })
    expect(connections).toBeLessThanOrEqual(3)
  })
})
