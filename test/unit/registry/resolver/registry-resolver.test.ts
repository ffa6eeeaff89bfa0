/** What a channel sees of a watched registry. */
import { ConnectError } from '@connectrpc/connect'
import { expect, test } from 'vitest'
import type { Endpoint } from '../../../../client/node/contracts/endpoint.ts'
import type { ResolverResult } from '../../../../client/node/contracts/resolver.ts'
import { RegistryResolver } from '../../../../registry/resolver/registry-resolver.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import { settled } from '../../../support/settled.ts'

interface Watch {
  tell(...ports: number[]): void
  lose(error: Error): void
  readonly signal: AbortSignal
}

function endpoint(port: number): Endpoint {
  return { addresses: [{ host: '10.0.0.1', port }], attributes: { weight: port } }
}

/** A resolver of a registry that the test plays. */
function setUp() {
  const clock = new ManualClock()
  const results: ResolverResult['endpoints'][] = []
  const watches: Watch[] = []
  const listener = {
    onResult({ endpoints }: ResolverResult) {
      results.push(endpoints)
      return null
    },
  }
  const context = { clock, random: () => 0.5, usesServiceConfig: false, listener }
  const resolver = new RegistryResolver(context, {
    subject: 'greeter in etcd',
    watch(onEndpoints, signal) {
      const { promise, reject } = Promise.withResolvers<void>()
      watches.push({ tell: (...ports) => onEndpoints(ports.map(endpoint)), lose: reject, signal })
      return promise
    },
  })
  resolver.start()
  return { clock, results, watches, resolver }
}

const textOf = (result: unknown) => (result instanceof ConnectError ? result.message : result)

test('each changed list is passed on once, after start', async () => {
  const { results, watches } = setUp()
  expect(watches).toEqual([])
  await settled()
  watches[0]?.tell(1, 2)
  watches[0]?.tell(2, 1)
  watches[0]?.tell(2)
  expect(results).toEqual([[endpoint(1), endpoint(2)], [endpoint(2)]])
})

test('a server that is registered twice is one endpoint', async () => {
  const { results, watches } = setUp()
  await settled()
  watches[0]?.tell(1, 2, 1)
  watches[0]?.tell(1, 2)
  expect(results).toEqual([[endpoint(1), endpoint(2)]])
})

test('a lost watch starts again after a backoff, and its error names the service', async () => {
  const { clock, results, watches } = setUp()
  await settled()
  watches[0]?.tell(1)
  watches[0]?.lose(new Error('connection refused'))
  await settled()
  expect(results.map(textOf).at(-1)).toBe('[unavailable] greeter in etcd: connection refused')
  clock.advance(999)
  await settled()
  expect(watches).toHaveLength(1)
  clock.advance(1)
  await settled()
  watches[1]?.tell(1)
  expect(results).toHaveLength(3)
})

test('after the longest outage a watch starts again within 15 seconds', async () => {
  const { clock, watches } = setUp()
  for (let times = 0; times < 30; times++) {
    await settled()
    expect(watches).toHaveLength(times + 1)
    watches[times]?.lose(new Error('away'))
    await settled()
    clock.advance(15_000)
  }
})

test('an empty list is an error, so that the channel keeps the last one', async () => {
  const { results, watches } = setUp()
  await settled()
  watches[0]?.tell()
  expect(results.map(textOf)).toEqual(['[unavailable] greeter in etcd has no instances'])
})

test('nothing is passed on and no watch starts after close', async () => {
  const { clock, results, watches, resolver } = setUp()
  await settled()
  watches[0]?.lose(new Error('gone'))
  await settled()
  resolver.close()
  clock.advance(200_000)
  watches[0]?.tell(1)
  await settled()
  expect(watches[0]?.signal.aborted).toBe(true)
  expect(watches).toHaveLength(1)
  expect(results).toHaveLength(1)
})

test('no watch starts if the channel closes at once', async () => {
  const { watches, resolver } = setUp()
  resolver.close()
  await settled()
  expect(watches).toEqual([])
})
