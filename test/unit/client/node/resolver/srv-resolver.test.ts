import { expect, it } from 'vitest'
import { srvResolver } from '../../../../../client/node/resolver/srv-resolver.ts'
import { ResolverBench } from '../../../../support/contracts/resolver-bench.ts'

function start(records: { name: string; port: number; priority: number; weight: number }[]) {
  const createLookup = () => ({
    addresses: async (host: string) => (host === 'gone' ? [] : [`10.0.0.${host.length}`]),
    texts: async () => [],
    services: async () => records,
  })
  const bench = new ResolverBench('srv:///_grpc._tcp.x', srvResolver({ createLookup, refreshMs: 5_000 }))
  bench.resolver.start()
  return bench
}

it('returns hosts by priority, with their weights', async () => {
  const bench = start([
    { name: 'aa', port: 2, priority: 2, weight: 5 },
    { name: 'a', port: 1, priority: 1, weight: 0 },
    { name: 'gone', port: 3, priority: 0, weight: 1 },
  ])
  await bench.settle()
  expect(bench.told).toEqual(['10.0.0.1:1', '10.0.0.2:2'])
  const { endpoints } = bench.results[0] ?? {}
  expect(endpoints).toMatchObject([{ attributes: { priority: 1 } }, { attributes: { priority: 2, weight: 5 } }])
  bench.resolver.close()
})

it('re-resolves periodically', async () => {
  const bench = start([{ name: 'a', port: 1, priority: 1, weight: 0 }])
  await bench.settle()
  await bench.advance(5_000)
  await bench.advance(5_000)
  expect(bench.results).toHaveLength(3)
  bench.resolver.close()
})

it.each([
  ['no record', [], '_grpc._tcp.x has no SRV record'],
  ['port 0', [{ name: 'a', port: 0, priority: 1, weight: 1 }], 'port 0'],
])('fails for %s', async (_what, records, message) => {
  const bench = start(records)
  await bench.settle()
  expect(bench.told).toContain(message)
  bench.resolver.close()
})
