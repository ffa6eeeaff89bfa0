import { expect, it } from 'vitest'
import { staticResolver } from '../../../../../client/node/resolver/static-resolver.ts'
import { ResolverBench } from '../../../../support/contracts/resolver-bench.ts'

it('NR-8 returns the endpoints of the application, with attributes and service config', async () => {
  const endpoints = [{ addresses: [{ host: 'a', port: 1 }], attributes: { weight: 3, zone: 'x' } }]
  const serviceConfig = { json: { loadBalancingConfig: [{ round_robin: {} }] } }
  const bench = new ResolverBench('static:///greeter', staticResolver({ greeter: { endpoints, serviceConfig } }))
  bench.resolver.start()
  await bench.settle()
  expect(bench.results).toEqual([{ endpoints, serviceConfig }])
})
