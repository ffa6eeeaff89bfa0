/** The contract of registrars, and what an agent of Consul receives. */
import { describe, expect, onTestFinished, test } from 'vitest'
import { type ConsulRegistrarOptions, consulRegistrar } from '../../registry/consul/consul-registrar.ts'
import type { ServiceInstance } from '../../registry/contracts/registrar.ts'
import { systemClock } from '../../wire/http2/http2.ts'
import { ConsulAgent } from '../support/brokers/consul-agent.ts'
import { instanceOf, testRegistrar } from '../support/contracts/registrar-contract.ts'
import { startCuttableProxy } from '../support/cuttable-proxy.ts'

const TTL_MS = 300
const TOKEN = 'b1gs33cr3t-0f-c0nsul'

describe('the registrar of Consul', () => {
  testRegistrar({
    async open() {
      const agent = await ConsulAgent.start()
      return {
        async connect() {
          const proxy = await startCuttableProxy(agent.http.port)
          return { registrar: consulRegistrar({ address: proxy.origin, ttlMs: TTL_MS }), cut: () => proxy.cut() }
        },
        find: async (service) =>
          agent.services
            .filter(({ Name, status }) => Name === service && status === 'passing')
            .map(({ Address, Port, Weights, Meta }) => ({
              address: `${Address}:${Port}`,
              metadata: { ...Meta, weight: Weights?.Passing ?? 1 },
            })),
        stop: () => agent.http.stop(),
        start: () => agent.http.start(),
        forget: async () => agent.forget(),
        expiryMs: TTL_MS,
      }
    },
  })
})

/** Registers an instance until the running test ends, and collects the errors of its log. */
function register(instance: ServiceInstance, options: ConsulRegistrarOptions) {
  const errors: string[] = []
  const log = {
    info() {},
    warn: (fields: object) => void errors.push('err' in fields ? String(fields.err) : ''),
  }
  const registration = consulRegistrar(options).register(instance, { clock: systemClock, random: () => 0.5, log })
  onTestFinished(() => registration.deregister(1_000))
  return { registration, errors }
}

test('an agent receives the facts of an instance in its own terms', async () => {
  const agent = await ConsulAgent.start({ token: TOKEN })
  const metadata = { weight: 100_000, zone: 'z1', version: '1.2.0', rack: undefined }
  const instance = { ...instanceOf('a', metadata), host: 'fd00::1', isSecure: true }
  const { registration } = register(instance, {
    address: agent.address,
    token: TOKEN,
    tags: ['v1', 'eu'],
    namespace: 'team',
    ttlMs: 20_000,
    deregisterAfterMs: 120_000,
  })
  await expect.poll(() => registration.isRegistered).toBe(true)
  const [request] = agent.http.requests
  expect(request?.query.toString()).toBe('replace-existing-checks=true&ns=team')
  expect(JSON.parse(request?.body ?? '')).toEqual({
    ID: 'greeter-a',
    Name: 'greeter',
    Address: 'fd00::1',
    Port: 1_001,
    Tags: ['v1', 'eu'],
    Meta: { weight: '100000', zone: 'z1', version: '1.2.0', secure: 'true' },
    Weights: { Passing: 65_535, Warning: 1 },
    Check: {
      CheckID: 'service:greeter-a',
      Name: 'heartbeat',
      TTL: '20000ms',
      Status: 'passing',
      DeregisterCriticalServiceAfter: '120000ms',
    },
  })
})

test('an instance that does not serve stays registered as critical, also when the agent has lost it', async () => {
  const agent = await ConsulAgent.start()
  const { registration } = register(instanceOf('a'), { address: agent.address, ttlMs: TTL_MS })
  await expect.poll(() => registration.isRegistered).toBe(true)
  registration.setServing(false)
  await expect.poll(() => agent.services).toMatchObject([{ ID: 'greeter-a', status: 'critical' }])
  agent.forget()
  await expect.poll(() => agent.services).toMatchObject([{ ID: 'greeter-a', status: 'critical' }])
})

test('two services of one process with the same id are two instances', async () => {
  const agent = await ConsulAgent.start()
  register(instanceOf('a'), { address: agent.address })
  register({ ...instanceOf('a'), service: 'shop' }, { address: agent.address })
  await expect.poll(() => agent.services.map(({ ID }) => ID).sort()).toEqual(['greeter-a', 'shop-a'])
})

test('a rejected registration is logged once with the reason, and never with the token', async () => {
  const agent = await ConsulAgent.start({ token: TOKEN })
  agent.http.intercept = ({ headers }, response) => {
    response.writeHead(400).end(`Invalid Service Meta, token ${headers['x-consul-token']}`)
    return true
  }
  const { errors } = register(instanceOf('a'), { address: agent.address, token: TOKEN })
  await expect.poll(() => agent.http.requests.length).toBe(2)
  const reason = 'PUT /v1/agent/service/register has status 400: Invalid Service Meta, token [token]'
  expect(errors).toEqual([expect.stringContaining(reason)])
})

test('an agent that answers nothing keeps no process from ending', async () => {
  const agent = await ConsulAgent.start()
  agent.http.intercept = () => true
  const { registration } = register(instanceOf('a'), { address: agent.address })
  await expect.poll(() => agent.http.requests.length).toBe(1)
  const startedAtMs = performance.now()
  await registration.deregister(50)
  expect(performance.now() - startedAtMs).toBeLessThan(1_000)
  await expect.poll(() => agent.http.connections, { timeout: 3_000 }).toBe(0)
})
