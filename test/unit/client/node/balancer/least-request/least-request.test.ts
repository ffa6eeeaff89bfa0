import { Code, ConnectError } from '@connectrpc/connect'
import { describe, expect, it } from 'vitest'
import { leastRequestPolicy } from '../../../../../../client/node/balancer/least-request/least-request.ts'
import { addressText } from '../../../../../../client/node/contracts/endpoint.ts'
import { BalancerBench } from '../../../../../support/contracts/balancer-bench.ts'

const FAILED = { error: new ConnectError('no', Code.Internal), trailers: null, isAbandoned: false }

describe('LB-6 least_request', () => {
  it('prefers the endpoint with fewer open calls', async () => {
    const bench = new BalancerBench(leastRequestPolicy)
    await bench.ready(['slow:1', 'fast:1'], { choiceCount: 10 })
    const counts: Record<string, number> = {}
    for (let times = 0; times < 1_000; times++) {
      const picked = bench.picked()
      const text = addressText(picked.subchannel.address)
      counts[text] = (counts[text] ?? 0) + 1
      picked.onStart?.()
      if (text === 'fast:1') picked.onEnd?.({ error: null, trailers: null, isAbandoned: false })
    }
    expect(counts['fast:1']).toBeGreaterThan(980)
    bench.balancer.destroy()
  })

  it('counts a call until it ends, however it ends, across pickers', async () => {
    const bench = new BalancerBench(leastRequestPolicy)
    await bench.ready(['a:1'], { choiceCount: 10 })
    const first = bench.picked()
    first.onStart?.()
    await bench.ready(['a:1', 'b:1'], { choiceCount: 10 })
    expect(bench.count(100)['b:1']).toBeGreaterThan(95)
    first.onEnd?.(FAILED)
    const counts = bench.count(1_000)
    expect(counts['a:1']).toBeGreaterThan(350)
    bench.balancer.destroy()
  })

  it.each([
    [{}, 2],
    [{ choiceCount: 11 }, 10],
  ])('parses %j as %i choices', (json, choiceCount) => {
    expect(leastRequestPolicy.parseConfig(json, new Map())).toEqual({ choiceCount })
  })
})
