/** What outlier detection (gRFC A50) counts as a failure, in each protocol. A lost race does not count. */
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { connectTo } from '../support/backends.ts'
import { startHttpServer } from '../support/http-server.ts'
import { untilAborted } from '../support/until-aborted.ts'

const EJECTION = {
  interval: '0.05s',
  baseEjectionTime: '60s',
  maxEjectionPercent: 100,
  failurePercentageEjection: { threshold: 50, minimumHosts: 1, requestVolume: 1 },
  childPolicy: [{ round_robin: {} }],
}

describe.each(['grpc', 'grpc-web', 'connect'] as const)('%s', (protocol) => {
  /** A server that responds at once, and one that never responds. Calls go to both in turn. */
  async function open(serviceConfig: object = {}) {
    const fast = await startHttpServer({ httpVersion: '2', greeter: { sayHello: () => ({ message: 'fast' }) } })
    const cancels = new Map<string, () => void>()
    const slow = await startHttpServer({
      httpVersion: '2',
      greeter: {
        sayHello({ name }, { signal }) {
          cancels.get(name)?.()
          return untilAborted(signal)
        },
      },
    })
    const client = connectTo([fast, slow], 'outlier_detection_experimental', {
      protocol,
      config: EJECTION,
      serviceConfig,
    })
    client.transport.connect()
    await expect
      .poll(() => client.transport.inspect().addresses.map(({ state }) => state), { timeout: 5_000 })
      .toEqual(['READY', 'READY'])
    return { ...client, slow, cancels }
  }

  type Opened = Awaited<ReturnType<typeof open>>

  /** Makes calls for some intervals, then returns whether the slow server still gets calls. */
  async function isSlowOneInUse({ slow }: Opened, call: () => Promise<unknown>): Promise<boolean> {
    for (let round = 0; round < 6; round++) {
      await Promise.all([call(), call(), call(), call()])
      await sleep(50)
    }
    const before = slow.heads.length
    await Promise.all([call(), call(), call(), call()])
    return slow.heads.length > before
  }

  test('losing hedging races does not eject a server', async () => {
    const hedgingPolicy = { maxAttempts: 2, hedgingDelay: '0s' }
    const opened = await open({ methodConfig: [{ name: [{}], hedgingPolicy }] })
    const call = async () => expect((await opened.greeter.sayHello({})).message).toBe('fast')
    expect(await isSlowOneInUse(opened, call)).toBe(true)
  })

  test('calls cancelled by the caller do not eject a server', async () => {
    const opened = await open()
    const call = () => {
      const { signal, abort } = abortable()
      const name = String(opened.cancels.size)
      opened.cancels.set(name, abort)
      return opened.greeter.sayHello({ name }, { signal }).catch(() => {})
    }
    expect(await isSlowOneInUse(opened, call)).toBe(true)
  })

  test('calls that exceed their deadline eject a server', async () => {
    const opened = await open()
    const call = () => opened.greeter.sayHello({}, { timeoutMs: 100 }).catch(() => {})
    expect(await isSlowOneInUse(opened, call)).toBe(false)
  })
})

function abortable(): { signal: AbortSignal; abort: () => void } {
  const controller = new AbortController()
  return { signal: controller.signal, abort: () => controller.abort() }
}
