/** Connections cut at every octet of a call (every third in `npm test`): it succeeds or is UNAVAILABLE, and the next call succeeds. */
import { createSecureServer, createServer } from 'node:http2'
import { createClient, createContextValues } from '@connectrpc/connect'
import { connectNodeAdapter } from '@connectrpc/connect-node'
import { describe, expect, test } from 'vitest'
import { waitForReady } from '../../client/node/rpc/wait-for-ready.ts'
import { createTransport } from '../../client/node/transport.ts'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import { systemTimers } from '../../wire/http2/http2.ts'
import { testCertificates } from '../support/certificates.ts'
import { isDeep } from '../support/depth.ts'
import { FAULT_CALLS, type FaultBench, type FaultCall, openFaultBench } from '../support/fault-bench.ts'
import { type Direction, startFaultyProxy } from '../support/faulty-proxy.ts'
import { listenRaw } from '../support/listen-raw.ts'
import { retryConfig } from '../support/retry-config.ts'
import { SeededRandom } from '../support/seeded-random.ts'

const unary = FAULT_CALLS.unary as FaultCall
const MODES = Object.entries(FAULT_CALLS)
/** Fewer than any of the calls has. */
const LEAST_OCTETS = 20
const STEP_BYTES = isDeep ? 1 : 3
const TEN_OCTETS = Math.floor(10 / STEP_BYTES)

const DIRECTIONS: readonly Direction[] = ['toServer', 'toClient']
const KINDS = ['reset', 'end'] as const

const RETRY = retryConfig(5, 'UNAVAILABLE')

const WAYS = DIRECTIONS.flatMap((direction) => KINDS.map((kind) => ({ direction, kind })))

describe.each(WAYS)('$kind of octets $direction', ({ direction, kind }) => {
  describe.each(MODES)('%s', (_mode, call) => {
    test('is UNAVAILABLE, wherever it happens', async () => {
      const { client, openCalls, proxy } = await openFaultBench()
      expect(await call(client)).toBe('OK')
      let bytes = 0
      for (; ; bytes += STEP_BYTES) {
        proxy.breakAfter({ direction, kind, bytes })
        const outcome = await call(client)
        if (outcome === 'OK') break
        expect(outcome, `cut after ${bytes} octets`).toBe('Unavailable')
        expect(await call(client), `the call after the cut at ${bytes}`).toBe('OK')
      }
      expect(bytes).toBeGreaterThan(LEAST_OCTETS)
      proxy.mend()
      await expect.poll(() => openCalls()).toBe(0)
    })

    test('is retried by policy, until the response has begun', async () => {
      const { client, proxy } = await openFaultBench({ transport: { serviceConfig: RETRY } })
      const outcomes: string[] = []
      for (let bytes = 0, wasCut = true; wasCut; bytes += STEP_BYTES) {
        // Twice, so that the response headers are short in all rounds: repeated fields are sent by index.
        expect(await call(client), `the call after the cut at ${bytes}`).toBe('OK')
        expect(await call(client)).toBe('OK')
        proxy.breakAfter({ direction, kind, bytes })
        outcomes.push(await call(client))
        wasCut = !proxy.isBreakDue
        proxy.mend()
      }
      expect(outcomes.length * STEP_BYTES).toBeGreaterThan(LEAST_OCTETS)
      const isAnswered = direction === 'toClient'
      const pattern = isAnswered
        ? `(OK ){${TEN_OCTETS},}(Unavailable ){${TEN_OCTETS},}OK`
        : `(OK ){${2 * TEN_OCTETS},}OK`
      expect(outcomes.join(' ')).toMatch(new RegExp(`^${pattern}$`))
    })
  })
})

describe.each(WAYS)('$kind of octets $direction while connecting', ({ direction, kind }) => {
  test.each([
    { way: 'cleartext', stepBytes: 7, tls: undefined },
    { way: 'TLS', stepBytes: 67, tls: { insecure: true } },
  ])('fails at once, and recovers with the network: $way', async ({ stepBytes, tls }) => {
    const port = await startHttp2Server(tls !== undefined)
    const outcomes: string[] = []
    for (let bytes = 0, wasCut = true; wasCut; bytes += stepBytes) {
      const proxy = await startFaultyProxy(port)
      proxy.breakAfter({ direction, kind, bytes })
      const transport = createTransport({ target: `ipv4:127.0.0.1:${proxy.port}`, ...(tls && { tls }) })
      const client = createClient(GreeterService, transport)
      outcomes.push(await unary(client))
      wasCut = !proxy.isBreakDue
      proxy.mend()
      transport.resetConnectBackoff()
      await callWhenReady(client)
      await transport.close()
      await proxy.close()
    }
    expect(outcomes.join(' ')).toMatch(/^(Unavailable )+OK$/)
  })
})

test('every one of many calls over repeatedly cut connections ends, and nothing leaks', async () => {
  const { client, transport, openCalls, proxy } = await openFaultBench({ transport: { serviceConfig: RETRY } })
  await callWhenReady(client)
  const random = new SeededRandom(7)
  const calls = Object.values(FAULT_CALLS)
  const timersBefore = systemTimers.size
  const outcomes: string[] = []
  for (let round = 0; round < 20; round++) {
    const kind = random.pick(KINDS)
    proxy.breakAfter({ direction: random.pick(DIRECTIONS), kind, bytes: random.below(20_000) })
    const crowd = Array.from({ length: 50 }, () => random.pick(calls)(client, { timeoutMs: 60_000, size: 500 }))
    outcomes.push(...(await Promise.all(crowd)))
    proxy.mend()
    // A connection that was cut before its first response has a backoff.
    transport.resetConnectBackoff()
    await callWhenReady(client)
  }
  expect(new Set(outcomes)).toEqual(new Set(['OK', 'Unavailable']))
  const { calls: counted, addresses, queuedPicks } = transport.inspect()
  expect(counted.started).toBe(counted.succeeded + counted.failed)
  expect(counted.failed).toBe(outcomes.filter((outcome) => outcome !== 'OK').length)
  expect(addresses.map(({ connections }) => connections.map((connection) => connection.openStreams))).toEqual([[0]])
  expect(queuedPicks).toBe(0)
  await expect.poll(() => openCalls()).toBe(0)
  expect(systemTimers.size).toBeLessThanOrEqual(timersBefore)
})

async function callWhenReady(client: FaultBench['client']): Promise<void> {
  await client.sayHello({}, { contextValues: createContextValues().set(waitForReady, true) })
}

/** Node's own server, as ours finishes the handshakes of disconnected clients before it closes. */
async function startHttp2Server(isSecure: boolean): Promise<number> {
  const handler = connectNodeAdapter({
    routes: (router) => router.service(GreeterService, { sayHello: ({ name }) => ({ message: `Hello ${name}` }) }),
  })
  const server = isSecure ? createSecureServer((await testCertificates()).server, handler) : createServer(handler)
  return await listenRaw(server)
}
