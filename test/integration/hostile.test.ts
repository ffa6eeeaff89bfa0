/** A thousand invalid inputs in a row: the server survives, and concurrent callers are unaffected. */
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { createClient } from '@connectrpc/connect'
import { createGrpcTransport, Http2SessionManager } from '@connectrpc/connect-node'
import { expect, test } from 'vitest'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import { hostileInputs } from '../support/hostile-inputs.ts'
import {
  countOutcome,
  describeOutcomes,
  EMPTY_SUCCESS,
  type Outcomes,
  sendHostile,
} from '../support/hostile-outcomes.ts'
import { SeededRandom } from '../support/seeded-random.ts'
import { ServerProcess } from '../support/server-process.ts'

const SEED = 20_240_229
const INPUTS_PER_KIND = 25
const AT_ONCE = 8
const REPORT = path.resolve(import.meta.dirname, '../../coverage/hostile-outcomes.txt')

test('answers or rejects each of them, and a concurrent client sees no error', { timeout: 120_000 }, async () => {
  const { server, port, origin } = await ServerProcess.listen(['--handshake-timeout', '500ms'])
  const inputs = [...hostileInputs(new SeededRandom(SEED), INPUTS_PER_KIND)]
  const outcomes: Outcomes = new Map()
  const canary = startCanary(origin)
  const queue = inputs[Symbol.iterator]()
  const sender = async () => {
    for (const input of queue) countOutcome(outcomes, input.kind, await sendHostile(port, input))
  }
  await Promise.all(Array.from({ length: AT_ONCE }, sender))
  const report = describeOutcomes(outcomes)
  await mkdir(path.dirname(REPORT), { recursive: true })
  await writeFile(REPORT, `${report}\n`)

  expect(inputs.length).toBeGreaterThan(900)
  expect(report).not.toContain(EMPTY_SUCCESS)
  expect(await canary.stop()).toMatchObject({ errors: [] })
  expect(server.child.exitCode).toBeNull()
  expect(server.lines.filter(({ msg }) => String(msg).startsWith('uncaught error'))).toEqual([])
  server.kill('SIGTERM')
  expect(await server.exited).toBe(0)
})

/** A client that calls one call after another until it is stopped. */
function startCanary(origin: string) {
  const sessions = new Http2SessionManager(origin)
  const { sayHello } = createClient(GreeterService, createGrpcTransport({ baseUrl: origin, sessionManager: sessions }))
  const errors: string[] = []
  let isStopped = false
  let calls = 0
  const running = (async () => {
    while (!isStopped) {
      calls += 1
      await sayHello({ name: 'canary' }, { timeoutMs: 20_000 }).catch((error) => errors.push(String(error)))
    }
  })()
  return {
    async stop() {
      isStopped = true
      await running
      sessions.abort()
      expect(calls).toBeGreaterThan(10)
      return { errors }
    },
  }
}
