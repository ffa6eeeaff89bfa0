/** Channels that find their servers in Consul, and the questions that they ask it. */
import { writeFile } from 'node:fs/promises'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createClient } from '../../client/core/create-client.ts'
import { DEFAULT_RESOLVERS } from '../../client/node/resolver/default-resolvers.ts'
import { createTransport } from '../../client/node/transport.ts'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import { consulRegistrar } from '../../registry/consul/consul-registrar.ts'
import { consulResolver } from '../../registry/consul/consul-resolver.ts'
import { systemClock } from '../../wire/http2/http2.ts'
import { type Backend, startBackend, startBackends } from '../support/backends.ts'
import { callAgain } from '../support/brokers/call-again.ts'
import { ConsulAgent } from '../support/brokers/consul-agent.ts'
import { testCertificates } from '../support/certificates.ts'
import { ResolverBench } from '../support/contracts/resolver-bench.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { callAndLeave } from '../support/registry/call-and-leave.ts'
import { temporaryFile } from '../support/temporary-file.ts'

const TOKEN = 'b1gs33cr3t-0f-c0nsul'

/** Registers a server, as its own registrar would. */
function addTo(agent: ConsulAgent, { name, port }: Pick<Backend, 'name' | 'port'>): void {
  agent.add({ ID: name, Name: 'greeter', Address: '127.0.0.1', Port: port })
}

/** Resolves a service, until the running test ends. Waits and TTLs pass as the test says. */
function resolve(agent: ConsulAgent, service: string, options: Parameters<typeof consulResolver>[0] = {}) {
  const bench = new ResolverBench(`consul:///${service}`, consulResolver({ address: agent.address, ...options }))
  onTestFinished(() => bench.resolver.close())
  bench.resolver.start()
  return bench
}

/** The queries of all questions so far. */
function queriesOf(agent: ConsulAgent): string[] {
  return agent.http.requests.map(({ query }) => query.toString())
}

describe('a channel', () => {
  test('SD-2: loses no call while servers join and leave', async () => {
    const agent = await ConsulAgent.start()
    const backends = await startBackends('abcde')
    for (const backend of backends.slice(0, 3)) addTo(agent, backend)
    const client = callAgain(`consul://127.0.0.1:${agent.http.port}/greeter`, consulResolver())
    await client.sharedBetween('abc')
    for (const backend of backends.slice(3)) addTo(agent, backend)
    await client.sharedBetween('abcde')
    for (const id of ['a', 'c']) agent.remove(id)
    agent.setStatus('b', 'critical')
    await client.sharedBetween('de')
    expect(await client.stop()).toBeGreaterThan(0)
  })

  test('SD-3: keeps its servers while the agent is away, and finds new ones when it is back', async () => {
    const agent = await ConsulAgent.start()
    const [a, b] = await startBackends('ab')
    if (a === undefined || b === undefined) throw new Error('two servers are needed')
    addTo(agent, a)
    const client = callAgain(`consul:///greeter`, consulResolver({ address: agent.address }))
    await client.sharedBetween('a')
    await agent.http.stop()
    await client.sharedBetween('a')
    addTo(agent, b)
    await agent.http.start()
    await client.sharedBetween('ab')
    expect(await client.stop()).toBeGreaterThan(0)
  })

  test('SD-5: finds a server that registers itself, follows its health, and keeps the last one', async () => {
    const agent = await ConsulAgent.start()
    const [a, b] = await startBackends('ab')
    const log = { info() {}, warn() {} }
    const registrations = [a, b].map((backend) =>
      consulRegistrar({ address: agent.address, ttlMs: 500 }).register(
        {
          service: 'greeter',
          id: `${backend?.name}`,
          host: '127.0.0.1',
          port: backend?.port ?? 0,
          isSecure: false,
          metadata: {},
        },
        { clock: systemClock, random: Math.random, log },
      ),
    )
    onTestFinished(async () => {
      for (const registration of registrations) await registration.deregister(1_000)
    })
    await expect.poll(() => registrations.every(({ isRegistered }) => isRegistered)).toBe(true)
    const client = callAgain('consul:///greeter', consulResolver({ address: agent.address }))
    await client.sharedBetween('ab')
    registrations[0]?.setServing(false)
    await client.sharedBetween('b')
    registrations[0]?.setServing(true)
    await client.sharedBetween('ab')
    await registrations[0]?.deregister(1_000)
    await client.sharedBetween('b')
    await registrations[1]?.deregister(1_000)
    await client.sharedBetween('b')
    expect(await client.stop()).toBeGreaterThan(0)
  })

  test('keeps no process alive while it waits for changes', async () => {
    const agent = await ConsulAgent.start()
    addTo(agent, await startBackend('a'))
    const target = `consul://127.0.0.1:${agent.http.port}/greeter`
    expect(await callAndLeave(target, ['consul/public.ts', 'consulResolver'])).toBe('a\n')
  })

  test('closes its connection to the agent when it ends', async () => {
    const agent = await ConsulAgent.start()
    addTo(agent, await startBackend('a'))
    const transport = createTransport({
      target: `consul://127.0.0.1:${agent.http.port}/greeter`,
      resolvers: [...DEFAULT_RESOLVERS, consulResolver()],
    })
    await createClient(GreeterService, transport).sayHello({})
    await expect.poll(() => queriesOf(agent).length).toBe(2)
    expect(agent.http.connections).toBe(1)
    await transport.close()
    await expect.poll(() => agent.http.connections).toBe(0)
  })
})

describe('the resolver of Consul', () => {
  test('uses instances that pass, with their weights and metadata, and nothing for the certificate', async () => {
    const agent = await ConsulAgent.start()
    const Meta = { zone: 'z1', version: '1.2.0', hostname: 'evil.test' }
    agent.add({ ID: 'a', Name: 'greeter', Address: 'fd00::1', Port: 80, Meta, Weights: { Passing: 7, Warning: 1 } })
    agent.add({
      ID: 'b',
      Name: 'greeter',
      Port: 81,
      Meta: { weight: '100000' },
      Weights: { Passing: 65_535, Warning: 1 },
    })
    agent.add({ ID: 'c', Name: 'greeter', Port: 82, Meta: { weight: 'heavy' } })
    for (const id of ['warning', 'critical'] as const) {
      agent.add({ ID: id, Name: 'greeter', Port: 83 })
      agent.setStatus(id, id)
    }
    agent.add({ ID: 'other', Name: 'greeter2', Port: 84 })
    agent.add({ ID: 'portless', Name: 'greeter' })
    const bench = resolve(agent, 'greeter')
    await expect
      .poll(() => bench.results.at(-1)?.endpoints)
      .toEqual([
        { addresses: [{ host: 'fd00::1', port: 80 }], attributes: { zone: 'z1', version: '1.2.0', weight: 7 } },
        { addresses: [{ host: '127.0.0.9', port: 81 }], attributes: { weight: 100_000 } },
        { addresses: [{ host: '127.0.0.9', port: 82 }], attributes: { weight: 1 } },
      ])
  })

  test('selects by the tags of options and target, all of which an instance must have', async () => {
    const agent = await ConsulAgent.start()
    for (const [index, Tags] of [['v1'], ['v2'], ['v2', 'eu'], ['v2', 'eu', 'a b&c']].entries()) {
      agent.add({ ID: `${index}`, Name: 'a service', Address: '10.0.0.1', Port: index + 1, Tags })
    }
    const bench = resolve(agent, 'a%20service?tag=eu&tag=a%20b%26c&dc=dc1', { tags: ['v2'], datacenter: 'elsewhere' })
    await expect.poll(() => bench.told).toEqual(['10.0.0.1:4'])
    expect(resolve(agent, 'greeter', { datacenter: 'elsewhere' })).toMatchObject({ results: [] })
  })

  test('waits for changes from the last index on, with the parameters of its options', async () => {
    const agent = await ConsulAgent.start()
    agent.add({ ID: 'a', Name: 'greeter', Address: '10.0.0.1', Port: 1 })
    const options = { datacenter: 'dc1', namespace: 'team', partition: 'east', allowStale: true, waitMs: 30_000 }
    const bench = resolve(agent, 'greeter', options)
    await expect.poll(() => bench.told).toEqual(['10.0.0.1:1'])
    agent.add({ ID: 'b', Name: 'greeter', Address: '10.0.0.1', Port: 2 })
    await expect.poll(() => bench.told).toEqual(['10.0.0.1:1', '10.0.0.1:2'])
    await expect
      .poll(() => queriesOf(agent))
      .toEqual([
        'passing=1&dc=dc1&stale=&ns=team&partition=east',
        'passing=1&dc=dc1&stale=&index=11&wait=30000ms&ns=team&partition=east',
        'passing=1&dc=dc1&stale=&index=12&wait=30000ms&ns=team&partition=east',
      ])
    bench.resolver.close()
    await expect.poll(() => agent.http.connections).toBe(0)
    expect(bench.clock.pending).toBe(0)
  })

  test.each([
    ['goes back, asks without waiting', ['20', '7', '30'], ['', '20', '', '30']],
    ['is 0, waits from 1 on', ['0', '0', '9'], ['', '1', '', '9']],
    ['exceeds the numbers of JavaScript, keeps each digit', ['18446744073709551614'], ['', '18446744073709551614']],
  ])('if the index %s', async (_, indexes, asked) => {
    const agent = await ConsulAgent.start()
    const left = [...indexes]
    agent.http.intercept = (_request, response) => {
      const index = left.shift()
      if (index !== undefined) response.setHeader('x-consul-index', index).end('[]')
      return true
    }
    resolve(agent, 'greeter')
    await expect.poll(() => agent.http.requests.map(({ query }) => query.get('index') ?? '')).toEqual(asked)
  })

  test.each([
    ['no index', {}, '[]', 'no valid X-Consul-Index'],
    ['an index that is no number', { 'x-consul-index': '-1' }, '[]', 'no valid X-Consul-Index'],
    ['a page', { 'x-consul-index': '1' }, '<html></html>', 'not a list'],
    ['an object', { 'x-consul-index': '1' }, '{}', 'not a list'],
  ])('reports an answer with %s, and asks again after the backoff', async (_, headers, body, error) => {
    const agent = await ConsulAgent.start()
    agent.add({ ID: 'a', Name: 'greeter', Address: '10.0.0.1', Port: 1 })
    agent.http.intercept = (_request, response) => {
      response.writeHead(200, headers).end(body)
      return true
    }
    const bench = resolve(agent, 'greeter')
    await expect.poll(() => bench.told).toContain(error)
    expect(bench.told).toMatch(/^greeter in consul: /)
    agent.http.intercept = () => false
    await bench.advance(1_000)
    await expect.poll(() => bench.told).toEqual(['10.0.0.1:1'])
  })

  test('asks again after the backoff, if the connection becomes one of another protocol', async () => {
    const agent = await ConsulAgent.start()
    agent.add({ ID: 'a', Name: 'greeter', Address: '10.0.0.1', Port: 1 })
    agent.http.intercept = (_request, { socket }) => {
      socket?.write('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: other\r\n\r\n')
      return true
    }
    const bench = resolve(agent, 'greeter')
    await expect.poll(() => bench.told).toContain('closed the connection without an answer')
    agent.http.intercept = () => false
    await bench.advance(1_000)
    await expect.poll(() => bench.told).toEqual(['10.0.0.1:1'])
  })

  test('asks five times at once and then once a second, if each answer says that something changed', async () => {
    const agent = await ConsulAgent.start()
    agent.http.intercept = (_request, response) => {
      response.setHeader('x-consul-index', agent.http.requests.length).end('[]')
      return true
    }
    const bench = resolve(agent, 'greeter')
    await expect.poll(() => agent.http.requests.length).toBe(5)
    await bench.advance(999)
    expect(agent.http.requests).toHaveLength(5)
    for (const asked of [6, 7]) {
      await bench.advance(1_000)
      await expect.poll(() => agent.http.requests.length).toBe(asked)
    }
  })

  test('notices that an agent has lost its data while a question was held back', async () => {
    const clock = new ManualClock()
    const agent = await ConsulAgent.start({ clock })
    agent.add({ ID: 'a', Name: 'greeter', Address: '10.0.0.1', Port: 1 })
    const bench = resolve(agent, 'greeter')
    for (let asked = 2; asked <= 5; asked++) {
      await expect.poll(() => agent.http.requests.length).toBe(asked)
      await expect.poll(() => clock.pending).toBe(1)
      agent.touch()
    }
    await expect.poll(() => agent.http.connections).toBe(0)
    agent.forget()
    agent.add({ ID: 'b', Name: 'greeter', Address: '10.0.0.1', Port: 2 })
    await bench.advance(1_000)
    await expect.poll(() => clock.pending).toBe(1)
    expect(queriesOf(agent).at(-1)).toBe('passing=1&index=15&wait=2000ms')
    clock.advance(2_125)
    await expect.poll(() => bench.told).toEqual(['10.0.0.1:2'])
    await bench.advance(2_000)
    await expect.poll(() => queriesOf(agent).at(-1)).toBe('passing=1&index=2&wait=55000ms')
  })

  test('gives up an agent that holds a question for longer than it may, and asks anew', async () => {
    const agent = await ConsulAgent.start()
    agent.add({ ID: 'a', Name: 'greeter', Address: '10.0.0.1', Port: 1 })
    const bench = resolve(agent, 'greeter', { waitMs: 16_000 })
    await expect.poll(() => queriesOf(agent).length).toBe(2)
    await bench.advance(26_999)
    expect(bench.told).toEqual(['10.0.0.1:1'])
    await bench.advance(1)
    await expect.poll(() => bench.told).toContain('has not answered within 27000 ms')
    await bench.advance(1_000)
    await expect.poll(() => bench.told).toEqual(['10.0.0.1:1'])
  })

  test('sends its token, read again from its file, and shows it in no error', async () => {
    const agent = await ConsulAgent.start({ token: TOKEN })
    agent.add({ ID: 'a', Name: 'greeter', Address: '10.0.0.1', Port: 1 })
    const tokenFile = await temporaryFile('token', 'outdated\n')
    const bench = resolve(agent, 'greeter', { tokenFile })
    await expect.poll(() => bench.told).toContain('GET /v1/health/service/greeter has status 403: ACL not found')
    await writeFile(tokenFile, `${TOKEN}\n`)
    await bench.advance(1_000)
    await expect.poll(() => bench.told).toEqual(['10.0.0.1:1'])
    agent.http.intercept = ({ headers }, response) => {
      response.writeHead(502).end(`no upstream for ${headers['x-consul-token']}`)
      return true
    }
    agent.touch()
    await expect.poll(() => bench.told).toMatch(/no upstream for \[token\]$/)
  })

  test('speaks TLS with the authority of its options only', async () => {
    const { ca, server } = await testCertificates()
    const agent = await ConsulAgent.start({ certificate: server })
    agent.add({ ID: 'a', Name: 'greeter', Address: '10.0.0.1', Port: 1 })
    const trusting = resolve(agent, 'greeter', { tls: { caFile: await temporaryFile('ca.pem', ca) } })
    await expect.poll(() => trusting.told).toEqual(['10.0.0.1:1'])
    const strange = resolve(agent, 'greeter')
    await expect.poll(() => strange.told).toMatch(/certificate/)
  })

  test('follows no redirect', async () => {
    const agent = await ConsulAgent.start()
    agent.http.intercept = (_request, response) => {
      response.writeHead(307, { location: `${agent.address}/v1/health/service/other` }).end()
      return true
    }
    const bench = resolve(agent, 'greeter')
    await expect.poll(() => bench.told).toContain('has status 307')
    expect(agent.http.requests).toHaveLength(1)
  })
})
