/** Slow, delayed and silent networks: no call outlives its deadline, and nothing leaks. */
import { createClient, createContextValues } from '@connectrpc/connect'
import { describe, expect, onTestFinished, test } from 'vitest'
import { waitForReady } from '../../client/node/rpc/wait-for-ready.ts'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import { systemTimers } from '../../wire/http2/http2.ts'
import { openChannelTransport } from '../support/channel-transport.ts'
import { FAULT_CALLS, openFaultBench } from '../support/fault-bench.ts'

const MODES = Object.entries(FAULT_CALLS)

describe.each([
  { name: 'one octet at a time', link: { sliceBytes: 1 }, options: {} },
  { name: 'each piece late', link: { delayMs: 20 }, options: {} },
  {
    name: 'little bandwidth, and messages above the windows',
    link: { sliceBytes: 16_384, delayMs: 1 },
    options: { size: 300_000 },
  },
])('in both directions $name', ({ link, options }) => {
  test.each(MODES)('%s', async (_mode, call) => {
    const { client, openCalls, proxy } = await openFaultBench({ quality: { toServer: link, toClient: link } })
    expect(await call(client, options)).toBe('OK')
    expect(await call(client, options)).toBe('OK')
    expect(proxy.connections).toBe(1)
    await expect.poll(() => openCalls()).toBe(0)
  })
})

describe('a connection that goes silent', () => {
  test.each(MODES)('%s ends at its deadline', async (_mode, call) => {
    const { client, proxy } = await openFaultBench()
    expect(await call(client)).toBe('OK')
    proxy.breakAfter({ direction: 'toClient', bytes: 0, kind: 'silence' })
    const timersBefore = systemTimers.size
    expect(await call(client, { timeoutMs: 100 })).toBe('DeadlineExceeded')
    expect(systemTimers.size).toBeLessThanOrEqual(timersBefore)
  })

  test.each(MODES)('%s ends at its deadline, mid-call', async (mode, call) => {
    const { client, openCalls, proxy } = await openFaultBench()
    const calling = call(client, { timeoutMs: 300, isEndless: true })
    await expect.poll(() => openCalls()).toBe(1)
    proxy.breakAfter({ direction: mode === 'unary' ? 'toServer' : 'toClient', bytes: 0, kind: 'silence' })
    expect(await calling).toBe('DeadlineExceeded')
  })

  test.each(MODES)('%s that sends beyond the flow-control window ends at its deadline', async (_mode, call) => {
    const { client, proxy } = await openFaultBench()
    expect(await call(client)).toBe('OK')
    proxy.breakAfter({ direction: 'toServer', bytes: 100_000, kind: 'silence' })
    const options = { timeoutMs: 300, size: 400_000, messages: 50 }
    // What a server stream sends is small; it may get through.
    const expected = call === FAULT_CALLS['server stream'] ? /^(OK|DeadlineExceeded)$/ : /^DeadlineExceeded$/
    expect(await call(client, options)).toMatch(expected)
  })

  test('does not keep a transport from closing', async () => {
    const { client, transport, proxy } = await openFaultBench()
    const calling = MODES.map(([, call]) => call(client, { isEndless: true }))
    await expect.poll(() => proxy.passed.toClient).toBeGreaterThan(0)
    proxy.breakAfter({ direction: 'toClient', bytes: 0, kind: 'silence' })
    await transport.close()
    expect(await Promise.all(calling)).toEqual(MODES.map(() => 'Canceled'))
  })

  test('a call waiting for a connection ends at the deadline, and says so', async () => {
    const { client, proxy } = await openFaultBench()
    proxy.breakAfter({ direction: 'toClient', bytes: 0, kind: 'silence', isLasting: true })
    const contextValues = createContextValues().set(waitForReady, true)
    await expect(client.sayHello({}, { timeoutMs: 100, contextValues })).rejects.toThrow(
      /before there was a connection/,
    )
    await expect(client.sayHello({}, { timeoutMs: 100 })).rejects.toThrow(/before there was a connection/)
  })

  test('KA-1 keepalive detects it: open calls are UNAVAILABLE, and the next call opens a new connection', async () => {
    const { openCalls, proxy } = await openFaultBench()
    const keepalive = { timeMs: 100, timeoutMs: 100, permitWithoutCalls: false }
    const { transport, close } = openChannelTransport({ port: proxy.port, keepalive })
    onTestFinished(close)
    const client = createClient(GreeterService, transport)
    const calling = MODES.map(([, call]) => call(client, { isEndless: true }))
    await expect.poll(() => openCalls()).toBe(MODES.length)
    proxy.breakAfter({ direction: 'toClient', bytes: 0, kind: 'silence' })
    expect(await Promise.all(calling)).toEqual(MODES.map(() => 'Unavailable'))
    const contextValues = createContextValues().set(waitForReady, true)
    expect(await client.sayHello({ name: 'again' }, { contextValues })).toMatchObject({ message: 'Hello again' })
    expect(proxy.connections).toBe(2)
  })
})
