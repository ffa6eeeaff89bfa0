/** Clients find servers in the key-value store of NATS, real ones of the oldest and the newest version. */
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { type KV, Kvm } from '@nats-io/kv'
import { connect } from '@nats-io/transport-node'
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { addressText, type Endpoint } from '../../client/node/contracts/endpoint.ts'
import type { ResolverResult } from '../../client/node/contracts/resolver.ts'
import { parseTarget } from '../../client/node/resolver/parse-target.ts'
import type { Registration, ServiceInstance } from '../../registry/contracts/registrar.ts'
import type { NatsOptions } from '../../registry/nats/nats-options.ts'
import { natsRegistrar } from '../../registry/nats/nats-registrar.ts'
import { natsResolver } from '../../registry/nats/nats-resolver.ts'
import { systemClock } from '../../wire/http2/http2.ts'
import type { BrokerProcess } from '../support/brokers/broker-process.ts'
import { OLDEST_NATS_VERSION, startNatsServer } from '../support/brokers/nats-server.ts'
import { instanceOf } from '../support/contracts/registrar-contract.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const TTL_MS = 1_000
const SILENT = { info: () => {}, warn: () => {} }

let server: BrokerProcess
const ended: (() => unknown)[] = []

afterEach(async () => {
  await Promise.all(ended.splice(0).map((end) => end()))
})

describe.each([undefined, OLDEST_NATS_VERSION])('natsResolver with NATS %s', (version) => {
  beforeAll(async () => {
    server = await startNatsServer(version === undefined ? {} : { version })
  })

  afterAll(() => server[Symbol.asyncDispose]())

  test('follows the servers of one service, with their metadata', async () => {
    const found = follow('greeter')
    const a = register(instanceOf('a', { weight: 3, zone: 'z1', version: '1.2.0' }))
    await vi.waitFor(() => expect(found.addresses()).toEqual(['127.0.0.1:1001']), { timeout: 10_000 })
    expect(found.attributes()).toEqual([{ weight: 3, zone: 'z1', version: '1.2.0' }])
    register({ ...instanceOf('z'), service: 'greeter2' })
    register({ ...instanceOf('z'), service: 'greeter.z' })
    register({ ...instanceOf('z'), service: 'greeter/z' })
    register({ ...instanceOf('b'), id: 'b.c-d_E' })
    await vi.waitFor(() => expect(found.addresses()).toEqual(['127.0.0.1:1001', '127.0.0.1:1002']))
    await a.deregister(5_000)
    await vi.waitFor(() => expect(found.addresses()).toEqual(['127.0.0.1:1002']))
    const later = follow('greeter')
    await vi.waitFor(() => expect(later.addresses()).toEqual(['127.0.0.1:1002']), { timeout: 5_000 })
    expect(later.all()).toEqual([['127.0.0.1:1002']])
  })

  test('drops a server that crashed, though the bucket keeps its entry', async () => {
    const bucket = 'kept-for-ever'
    await withBucket(server.port, async (entries) => void (await entries.put('greeter.old', value(1_003))), bucket)
    await new Promise((resolve) => setTimeout(resolve, 400))
    await withBucket(server.port, async (entries) => void (await entries.put('greeter.crashed', value(1_002))), bucket)
    register(instanceOf('a'), { bucket })
    const found = follow('greeter', { bucket })
    await vi.waitFor(() => expect(found.addresses()).toEqual(['127.0.0.1:1001', '127.0.0.1:1002']), { timeout: 5_000 })
    await vi.waitFor(() => expect(found.addresses()).toEqual(['127.0.0.1:1001']), { timeout: 5_000 })
    await new Promise((resolve) => setTimeout(resolve, TTL_MS))
    expect(found.addresses()).toEqual(['127.0.0.1:1001'])
    // What a client sees that starts later.
    const later = follow('greeter', { bucket })
    await vi.waitFor(() => expect(later.addresses()).toEqual(['127.0.0.1:1001']))
    expect(later.all().flat()).not.toContain('127.0.0.1:1002')
  })
})

describe('natsResolver', () => {
  beforeAll(async () => {
    server = await startNatsServer()
  })

  afterAll(() => server[Symbol.asyncDispose]())

  test('keeps the last list while NATS is away, and goes on when it is back', async () => {
    const bucket = 'away'
    const a = register(instanceOf('a'), { bucket })
    register(instanceOf('b'), { bucket })
    const found = follow('greeter', { bucket })
    await vi.waitFor(() => expect(found.addresses()).toEqual(['127.0.0.1:1001', '127.0.0.1:1002']), { timeout: 5_000 })
    const listed = found.all().length
    await server.stop('SIGKILL')
    await new Promise((resolve) => setTimeout(resolve, TTL_MS * 1.5))
    expect(found.addresses()).toEqual(['127.0.0.1:1001', '127.0.0.1:1002'])
    await server.start()
    await vi.waitFor(() => expect([a.isRegistered, found.isFailing()]).toEqual([true, false]), { timeout: 15_000 })
    expect(found.all().slice(listed)).toEqual([['127.0.0.1:1001', '127.0.0.1:1002']])
    await a.deregister(5_000)
    await vi.waitFor(() => expect(found.addresses()).toEqual(['127.0.0.1:1002']), { timeout: 5_000 })
  })

  test('keeps the last list while NATS does not answer', async () => {
    const bucket = 'frozen'
    register(instanceOf('a'), { bucket })
    const found = follow('greeter', { bucket })
    await vi.waitFor(() => expect(found.addresses()).toEqual(['127.0.0.1:1001']), { timeout: 5_000 })
    const listed = found.all().length
    server.signal('SIGSTOP')
    await new Promise((resolve) => setTimeout(resolve, TTL_MS * 2))
    server.signal('SIGCONT')
    await vi.waitFor(() => expect(found.isFailing()).toBe(false), { timeout: 15_000 })
    expect(found.all().slice(listed).flat()).toEqual(
      found
        .all()
        .slice(listed)
        .map(() => '127.0.0.1:1001'),
    )
  })

  test('works with the permissions of its page', async () => {
    const config = path.join(await temporaryFolder(), 'nats.conf')
    const users = [
      '{user: a, password: a, permissions: {publish: ["$JS.API.>", "$KV.portico-registry.>"], subscribe: ["_INBOX.>"]}}',
      '{user: b, password: b, permissions: {publish: ["$JS.API.>", "$JS.FC.>"], subscribe: ["_INBOX.>"]}}',
    ]
    await writeFile(config, `authorization {users: [${users.join(', ')}]}`)
    const restricted = await startNatsServer({ args: ['--config', config] })
    onTestFinished(() => restricted[Symbol.asyncDispose]())
    const servers = [`127.0.0.1:${restricted.port}`]
    const a = register(instanceOf('a'), { servers, username: 'a', password: 'a' })
    const found = follow('greeter', { servers, username: 'b', password: 'b' })
    await vi.waitFor(() => expect(found.addresses()).toEqual(['127.0.0.1:1001']), { timeout: 10_000 })
    await a.deregister(5_000)
    await vi.waitFor(() => expect(found.isFailing()).toBe(true))
    found.close()
  })

  test('skips entries that are not instances', async () => {
    const bucket = 'foreign'
    const warnings = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
    await withBucket(
      server.port,
      async (entries) => {
        await entries.put('greeter.a', 'x')
        await entries.put('greeter.b', '[]')
        await entries.put('greeter.c', '{"address":"a:b:c","ttlMs":1000}')
        await entries.put('greeter.d', '{"address":"127.0.0.1:1004"}')
        await entries.put('greeter.e', value(1_005, 60_000))
      },
      bucket,
    )
    const found = follow('greeter', { bucket })
    await vi.waitFor(() => expect(found.addresses()).toEqual(['127.0.0.1:1005']))
    expect(warnings).toHaveBeenCalledTimes(4)
    warnings.mockRestore()
  })
})

function value(port: number, ttlMs = 700): string {
  return JSON.stringify({ address: `127.0.0.1:${port}`, tls: false, ttlMs, metadata: {} })
}

function register(instance: ServiceInstance, options: NatsOptions = {}): Registration {
  const registrar = natsRegistrar({
    servers: [`127.0.0.1:${server.port}`],
    ttlMs: TTL_MS,
    timeoutMs: 1_000,
    ...options,
  })
  const registration = registrar.register(instance, { clock: systemClock, random: Math.random, log: SILENT })
  ended.push(() => registration.deregister(1_000))
  return registration
}

/** Follows a service as a channel does. */
function follow(service: string, options: NatsOptions = {}) {
  const factory = natsResolver({ servers: [`127.0.0.1:${server.port}`], timeoutMs: 1_000, ...options })
  const results: ResolverResult[] = []
  const { target } = parseTarget(`nats:///${service}`, [factory])
  const listener = {
    onResult: (result: ResolverResult) => {
      results.push(result)
      return null
    },
  }
  const resolver = factory.create(target, {
    clock: systemClock,
    random: Math.random,
    usesServiceConfig: false,
    listener,
  })
  resolver.start()
  ended.push(() => resolver.close())
  const lists = () => results.flatMap(({ endpoints }) => (endpoints instanceof Error ? [] : [endpoints]))
  const addressesOf = (list: readonly Endpoint[]) => list.flatMap(({ addresses }) => addresses.map(addressText)).sort()
  return {
    /** The addresses of the last list. */
    addresses: () => addressesOf(lists().at(-1) ?? []),
    /** Those of all lists. */
    all: () => lists().map(addressesOf),
    attributes: () =>
      lists()
        .at(-1)
        ?.map(({ attributes }) => attributes),
    close: () => resolver.close(),
    isFailing: () => results.at(-1)?.endpoints instanceof Error,
  }
}

async function withBucket<T>(port: number, work: (bucket: KV) => Promise<T>, name: string): Promise<T> {
  const connection = await connect({ port })
  try {
    return await work(await new Kvm(connection).create(name))
  } finally {
    await connection.close()
  }
}
