/** The same network faults in the other protocols and HTTP versions: a call succeeds, reaches its deadline, or is UNAVAILABLE. */
import { describe, expect, test } from 'vitest'
import { FAULT_CALLS, openFaultBench } from '../support/fault-bench.ts'
import type { Direction } from '../support/faulty-proxy.ts'

const MODES = Object.entries(FAULT_CALLS)
const DIRECTIONS: readonly Direction[] = ['toServer', 'toClient']
const WAYS = DIRECTIONS.flatMap((direction) => (['reset', 'end'] as const).map((kind) => ({ direction, kind })))
/** Every octet would take long. It is prime to the sizes of frames. */
const STEP_BYTES = 7
/** Fewer than any of the calls has. */
const LEAST_CUTS = 3

describe.each([
  { protocol: 'grpc-web', httpVersion: '2' },
  { protocol: 'connect', httpVersion: '2' },
  { protocol: 'grpc-web', httpVersion: '1.1' },
  { protocol: 'connect', httpVersion: '1.1' },
] as const)('$protocol over HTTP/$httpVersion', (transport) => {
  const isHttp1 = transport.httpVersion === '1.1'

  describe.each(isHttp1 ? MODES.filter(([, call]) => call !== FAULT_CALLS['bidirectional stream']) : MODES)(
    '%s',
    (mode, call) => {
      test('one byte at a time', async () => {
        const quality = { toServer: { sliceBytes: 1 }, toClient: { sliceBytes: 1 } }
        const { client, openCalls } = await openFaultBench({ transport, quality })
        expect(await call(client)).toBe('OK')
        expect(await call(client)).toBe('OK')
        await expect.poll(openCalls).toBe(0)
      })

      test('ends at its deadline when the connection goes silent', async () => {
        const { client, proxy } = await openFaultBench({ transport })
        expect(await call(client)).toBe('OK')
        proxy.breakAfter({ direction: 'toClient', bytes: 0, kind: 'silence' })
        expect(await call(client, { timeoutMs: 100 })).toBe('DeadlineExceeded')
      })

      test('ends at its deadline when the connection goes silent mid-call', async () => {
        const { client, proxy, openCalls } = await openFaultBench({ transport })
        const calling = call(client, { timeoutMs: 300, isEndless: true })
        await expect.poll(openCalls).toBe(1)
        proxy.breakAfter({ direction: mode === 'unary' ? 'toServer' : 'toClient', bytes: 0, kind: 'silence' })
        expect(await calling).toBe('DeadlineExceeded')
      })

      test.each(WAYS)('is UNAVAILABLE, wherever it is cut: $kind of octets $direction', async ({ direction, kind }) => {
        const { client, proxy, openCalls } = await openFaultBench({ transport })
        expect(await call(client)).toBe('OK')
        const outcomes: string[] = []
        for (let bytes = 0, wasCut = true; wasCut; bytes += STEP_BYTES) {
          proxy.breakAfter({ direction, kind, bytes })
          outcomes.push(await call(client))
          wasCut = !proxy.isBreakDue
          proxy.mend()
          expect(await call(client), `the call after the cut at ${bytes}`).toBe('OK')
        }
        // A call without side effects is repeated at once if a reused HTTP/1.1 socket breaks before the response.
        const isSentAgain = isHttp1 && mode === 'unary'
        expect(outcomes.join(' ')).toMatch(isSentAgain ? /^(OK )+(Unavailable )*OK$/ : /^(Unavailable )+OK$/)
        expect(outcomes.length).toBeGreaterThan(LEAST_CUTS)
        await expect.poll(openCalls).toBe(0)
      })
    },
  )
})
