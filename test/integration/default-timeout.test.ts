/** The deadline of calls whose clients set none, on both lanes. */
import { Code, createClient } from '@connectrpc/connect'
import { describe, expect, onTestFinished, test } from 'vitest'
import { Greeter as ProtoGreeter } from '../../gen/compat/proto_pb.js'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import { createApp } from '../../server/app.ts'
import { LANES } from '../../server/rpc/lane.ts'
import type { PorticoRouter } from '../../server/rpc/service-options.ts'
import { startRoutes } from '../support/demo-server.ts'
import { MATRIX, openTransport } from '../support/matrix.ts'
import { untilAborted } from '../support/until-aborted.ts'

const ROWS = MATRIX.filter(({ isSecure, format }) => !isSecure && format === 'proto')
const CASES = LANES.flatMap((lane) => ROWS.map((row) => [lane, row.name, row] as const))
const DEFAULT_MS = 60_000

describe.each(CASES)('on the %s lane, by %s', (lane, _name, row) => {
  async function start(defaultTimeoutMs: number) {
    const seen: (number | undefined)[] = []
    const routes = (router: PorticoRouter) => {
      router.service(GreeterService, {
        async sayHello({ name }, { timeoutMs, signal }) {
          seen.push(timeoutMs())
          if (name === 'slow') await untilAborted(signal)
          return {}
        },
        async *getStream(_request, { timeoutMs }) {
          seen.push(timeoutMs())
          yield {}
        },
      })
      const options = { defaultTimeoutMs: 0 }
      router.rpc(
        ProtoGreeter.method.hello,
        (_request, { timeoutMs }) => {
          seen.push(timeoutMs())
          return {}
        },
        options,
      )
    }
    const { port } = await startRoutes({ lane, routes, defaultTimeoutMs })
    const { transport, close } = openTransport(row, { port, ca: '' })
    onTestFinished(close)
    const { hello } = createClient(ProtoGreeter, transport)
    return { ...createClient(GreeterService, transport), hello, seen }
  }

  test('applies to unary calls and streams', async () => {
    const { sayHello, getStream, seen } = await start(DEFAULT_MS)
    await sayHello({})
    for await (const _ of getStream({})) void _
    expect(seen).toHaveLength(2)
    expect(seen.every((timeoutMs = 0) => timeoutMs > 0 && timeoutMs <= DEFAULT_MS)).toBe(true)
  })

  test('gives way to that of the client, and to that of a method', async () => {
    const { sayHello, hello, seen } = await start(DEFAULT_MS)
    await sayHello({}, { timeoutMs: 2 * DEFAULT_MS })
    await hello({})
    expect(seen).toEqual([expect.any(Number), undefined])
    expect(seen[0]).toBeGreaterThan(DEFAULT_MS)
  })

  test('DL-1 ends a call with DEADLINE_EXCEEDED', async () => {
    const { sayHello } = await start(20)
    await expect(sayHello({ name: 'slow' })).rejects.toMatchObject({ code: Code.DeadlineExceeded })
  })
})

test.each([-1, 0.5, Number.NaN])('refuses %s', async (defaultTimeoutMs) => {
  const start = createApp({ defaultTimeoutMs, routes: () => {} })
  await expect(start).rejects.toThrow(`defaultTimeoutMs is ${defaultTimeoutMs}: it must be a whole number from 0`)
})

test('refuses what is not a whole number for a service', async () => {
  const routes = (router: PorticoRouter) => router.service(GreeterService, {}, { defaultTimeoutMs: -5 })
  await expect(createApp({ routes })).rejects.toThrow(
    'the options of greeter.v1.GreeterService: defaultTimeoutMs is -5: it must be a whole number from 0',
  )
})
