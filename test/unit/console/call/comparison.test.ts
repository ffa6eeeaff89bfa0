import { create } from '@bufbuild/protobuf'
import { expect, it } from 'vitest'
import { type ComparePlan, Comparison } from '../../../../console/app/call/compare/comparison.ts'
import type { Carrier } from '../../../../console/app/call/engine/carrier.ts'
import { RunningCall } from '../../../../console/app/call/engine/running-call.ts'
import type { ConsoleProtocol } from '../../../../wire/console/console-facts.ts'
import { callContext, FACTS } from '../../../support/console/call-context.ts'

const { api } = callContext('http://127.0.0.1')

/** Answers at once. */
const PROMPT: Carrier = {
  async carry({ requests, method, observer }) {
    for await (const request of requests) observer.onSent(request, 1)
    observer.onReceived(create(method.output), 1)
  },
}

/** Never answers. */
const SILENT: Carrier = {
  carry: ({ signal }) =>
    new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true })),
}

function planOf(carrier: Carrier): ComparePlan {
  const method = api.methodOf('greeter.v1.GreeterService/SayHello')
  if (method === undefined) throw new Error('no method')
  const start = async (protocol: ConsoleProtocol) => {
    const init = { method, protocol, usesGet: false, headers: [], timeoutMs: undefined }
    const setting = { baseUrl: '', registry: api.registry, credentials: [], schedule: (update: () => void) => update() }
    return new RunningCall(init, setting, carrier)
  }
  return { method, message: create(method.input), facts: FACTS, start, repeats: 3, encodedSince: async () => 1 }
}

it('calls each protocol as often as it should', async () => {
  const comparison = new Comparison(planOf(PROMPT))
  await comparison.ended
  expect(comparison.fault.value).toBe(null)
  expect(comparison.results.value.map(({ protocol, latency }) => [protocol, latency?.count])).toEqual([
    ['connect', 3],
    ['grpc-web', 3],
    ['websocket', 3],
    ['rest', 3],
  ])
})

it('ends, and says why, when a protocol cannot be loaded', async () => {
  const plan = planOf(PROMPT)
  const start = async (protocol: ConsoleProtocol) => {
    if (protocol === 'grpc-web') throw new TypeError('Failed to fetch dynamically imported module')
    return await plan.start(protocol)
  }
  const comparison = new Comparison({ ...plan, start })
  await comparison.ended
  expect(comparison.isRunning.value).toBe(false)
  expect(comparison.fault.value).toMatch('Failed to fetch')
  expect(comparison.results.value.map(({ outcome }) => outcome?.status.code)).toEqual([
    'OK',
    undefined,
    undefined,
    undefined,
  ])
})

it('stops a call that is still being started', async () => {
  const plan = planOf(SILENT)
  const starts: (() => void)[] = []
  const start = async (protocol: ConsoleProtocol) => {
    await new Promise<void>((resolve) => starts.push(resolve))
    return await plan.start(protocol)
  }
  const comparison = new Comparison({ ...plan, start })
  comparison.stop()
  starts[0]?.()
  await comparison.ended
  expect(starts).toHaveLength(1)
})
