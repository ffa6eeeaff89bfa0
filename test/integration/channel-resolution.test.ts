/** Name resolution over real sockets: new addresses are used without a lost connection, and attributes reach policies. */
import type { SrvRecord } from 'node:dns'
import { writeFile } from 'node:fs/promises'
import { createClient } from '@connectrpc/connect'
import { expect, onTestFinished, test } from 'vitest'
import {
  createTransport,
  DEFAULT_POLICIES,
  DEFAULT_RESOLVERS,
  dnsResolver,
  EndpointBalancer,
  type LoadBalancerPolicy,
  queuePicker,
  type ResolverFactory,
  srvResolver,
} from '../../client/node/public.ts'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import { keepCalling, portsOf, startBackend, startBackends } from '../support/backends.ts'
import { temporaryFile } from '../support/temporary-file.ts'

/** The records of a name, which a test changes. */
class Zone {
  addresses: string[] = []
  services: SrvRecord[] = []

  readonly createLookup = () => ({
    addresses: async (host: string) => (host === 'greeter.test' ? this.addresses : ['127.0.0.1']),
    texts: async () => [],
    services: async () => this.services,
  })
}

interface Way {
  readonly target: string
  readonly resolver?: ResolverFactory
  /** The load balancing config. */
  readonly policy: Readonly<Record<string, object>>
}

function connectBy({ target, resolver, policy }: Way) {
  const transport = createTransport({
    target,
    resolvers: resolver === undefined ? DEFAULT_RESOLVERS : [resolver],
    loadBalancers: [...DEFAULT_POLICIES, matchingPolicy],
    serviceConfig: { loadBalancingConfig: [policy] },
  })
  onTestFinished(() => transport.close())
  const greeter = createClient(GreeterService, transport)
  const share = async (calls: number) => {
    const counts: Record<string, number> = {}
    for (let call = 0; call < calls; call++) {
      const { message } = await greeter.sayHello({})
      counts[message] = (counts[message] ?? 0) + 1
    }
    return counts
  }
  return { transport, greeter, share }
}

/** Calls go to the connected servers whose attribute has the value, and wait while there is none. */
const matchingPolicy: LoadBalancerPolicy<{ name: string; value: unknown }> = {
  name: 'matching',
  parseConfig(json) {
    const [[name, value] = ['', null]] = Object.entries(json as object)
    return { name, value }
  },
  create: (helper) =>
    new EndpointBalancer(helper, { name: '', value: null }, (ready, { name, value }) => {
      return ready.find(({ endpoint }) => endpoint.attributes[name] === value)?.picker ?? queuePicker
    }),
}

test('NR-4 with refreshMs a dns target sees servers that join and leave, and no call fails', async () => {
  const a = await startBackend('a')
  const [b, c] = [
    await startBackend('b', { port: a.port, host: '127.0.0.2' }),
    await startBackend('c', { port: a.port, host: '127.0.0.3' }),
  ]
  const zone = new Zone()
  zone.addresses = ['127.0.0.1']
  const { greeter, share } = connectBy({
    target: `dns:///greeter.test:${a.port}`,
    resolver: dnsResolver({ refreshMs: 20, createLookup: zone.createLookup }),
    policy: { round_robin: {} },
  })
  expect(await share(4)).toEqual({ a: 4 })
  const calling = keepCalling({ greeter })
  zone.addresses = ['127.0.0.1', '127.0.0.2', '127.0.0.3']
  await expect.poll(() => share(6)).toEqual({ a: 2, b: 2, c: 2 })
  zone.addresses = ['127.0.0.3']
  await expect.poll(() => share(4)).toEqual({ c: 4 })
  await expect.poll(() => a.sessions.size + b.sessions.size).toBe(0)
  expect(await calling.stop()).toBeGreaterThan(0)
  expect(c.sessions.size).toBe(1)
})

test('the weights of SRV records are those of weighted_round_robin, and change with them', async () => {
  const [portA = 0, portB = 0] = portsOf(await startBackends('ab'))
  const zone = new Zone()
  const weigh = (weightA: number, weightB: number) => [
    { name: 'a.test', port: portA, priority: 1, weight: weightA },
    { name: 'b.test', port: portB, priority: 1, weight: weightB },
  ]
  zone.services = weigh(1, 3)
  const { share } = connectBy({
    target: 'srv:///_grpc._tcp.greeter.test',
    resolver: srvResolver({ refreshMs: 20, createLookup: zone.createLookup }),
    policy: { weighted_round_robin: {} },
  })
  await expect.poll(() => share(40)).toEqual({ a: 10, b: 30 })
  zone.services = weigh(3, 1)
  await expect.poll(() => share(40)).toEqual({ a: 30, b: 10 })
})

test.each([
  ['zone', 'west', 'east'],
  ['version', '1.0', '2.0'],
])('NR-8 the attribute %s reaches the pickers of a custom policy, and so do its changes', async (name, here, there) => {
  const [portA = 0, portB = 0] = portsOf(await startBackends('ab'))
  const list = (valueOfA: string, valueOfB: string) =>
    JSON.stringify([
      { address: `127.0.0.1:${portA}`, [name]: valueOfA },
      { address: `127.0.0.1:${portB}`, [name]: valueOfB },
    ])
  const file = await temporaryFile('backends.json', list(here, there))
  const { share } = connectBy({ target: `file://${file}`, policy: { matching: { [name]: there } } })
  expect(await share(4)).toEqual({ b: 4 })
  await writeFile(file, list(there, here))
  await expect.poll(() => share(4)).toEqual({ a: 4 })
})
