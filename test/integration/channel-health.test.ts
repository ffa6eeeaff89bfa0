/** Health checks of a channel (gRFC A17) over real sockets: servers report their health, and connections stay open. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { Code, ConnectError, type Interceptor } from '@connectrpc/connect'
import { describe, expect, onTestFinished, test } from 'vitest'
import { bearerToken } from '../../client/node/credentials/bearer-token.ts'
import type { CallCredentials } from '../../client/node/credentials/call-credentials.ts'
import {
  type Backend,
  type BackendsClient,
  connectTo,
  portsOf,
  startBackend,
  startBackends,
} from '../support/backends.ts'

const CHECKED = { healthCheckConfig: { serviceName: 'greeter' } }
const ROUND_ROBIN = { loadBalancingConfig: [{ round_robin: {} }] }

async function startPair(): Promise<[Backend, Backend]> {
  const pair: [Backend, Backend] = [await startBackend('a'), await startBackend('b')]
  for (const { health } of pair) health.setStatus('greeter', 'SERVING')
  return pair
}

/** Waits until the servers with these names receive calls, and no others do. */
async function sharedBetween(client: BackendsClient, ...names: string[]): Promise<void> {
  await expect.poll(async () => Object.keys(await client.share(10)).sort()).toEqual(names)
}

/** The open Watch calls of a server. */
function watchers({ health }: Backend): number {
  return health.watcherCount
}

describe('HC-9 round_robin', () => {
  test('skips a server that is NOT_SERVING, keeps its connection, and uses it again once SERVING', async () => {
    const [a, b] = await startPair()
    const client = connectTo([a, b], 'round_robin', { serviceConfig: CHECKED })
    await sharedBetween(client, 'a', 'b')
    const [session] = b.sessions
    b.health.setStatus('greeter', 'NOT_SERVING')
    await sharedBetween(client, 'a')
    expect([...b.sessions]).toEqual([session])
    b.health.setStatus('greeter', 'SERVING')
    await sharedBetween(client, 'a', 'b')
    expect([...b.sessions]).toEqual([session])
  })

  test('leaves a server whose critical check fails, and returns to it once the check passes', async () => {
    const [a, b] = await startPair()
    let isUp = true
    b.health.addCheck('database', { check: () => isUp, services: ['greeter'] })
    await b.health.runChecks()
    const client = connectTo([a, b], 'round_robin', { serviceConfig: CHECKED })
    await sharedBetween(client, 'a', 'b')
    const [session] = b.sessions
    isUp = false
    await b.health.runChecks()
    await sharedBetween(client, 'a')
    isUp = true
    await b.health.runChecks()
    await sharedBetween(client, 'a', 'b')
    expect([...b.sessions]).toEqual([session])
  })

  test('fails calls when no server is SERVING, with their health status', async () => {
    const [a, b] = await startPair()
    const client = connectTo([a, b], 'round_robin', { serviceConfig: CHECKED })
    await sharedBetween(client, 'a', 'b')
    for (const { health } of [a, b]) health.setStatus('greeter', 'NOT_SERVING')
    await expect.poll(() => client.transport.getState()).toBe('TRANSIENT_FAILURE')
    await expect(client.greeter.sayHello({})).rejects.toMatchObject({
      code: Code.Unavailable,
      rawMessage: expect.stringMatching(/^127\.0\.0\.1:\d+ is not healthy: NOT_SERVING$/),
    })
    a.health.clearStatus('greeter')
    b.health.setStatus('greeter', 'SERVING')
    await expect.poll(() => client.transport.getState()).toBe('READY')
    expect(await client.share(4)).toEqual({ b: 4 })
  })

  test('watches the service that a new config names, and none if it names none', async () => {
    const servers = await startPair()
    const ports = portsOf(servers)
    const client = connectTo(servers, 'round_robin')
    await sharedBetween(client, 'a', 'b')
    expect(servers.map(watchers)).toEqual([0, 0])
    servers[1].health.setStatus('other', 'SERVING')
    client.resolver.tell({ ports, serviceConfig: { ...ROUND_ROBIN, healthCheckConfig: { serviceName: 'other' } } })
    await sharedBetween(client, 'b')
    client.resolver.tell({ ports, serviceConfig: ROUND_ROBIN })
    await sharedBetween(client, 'a', 'b')
    await expect.poll(() => servers.map(watchers)).toEqual([0, 0])
  })

  test('does no health checking when the application disables it', async () => {
    const servers = await startPair()
    const client = connectTo(servers, 'round_robin', { serviceConfig: CHECKED, healthCheck: false })
    servers[0].health.setStatus('greeter', 'NOT_SERVING')
    await sharedBetween(client, 'a', 'b')
    expect(servers.map(watchers)).toEqual([0, 0])
  })
})

describe('a server that requires a token', () => {
  const OPEN = { requiresTls: false }

  async function startGuarded(): Promise<{ server: Backend; denied: string[] }> {
    const denied: string[] = []
    const guard: Interceptor = (next) => (request) => {
      if (request.header.get('authorization') === 'Bearer good') return next(request)
      denied.push(request.method.name)
      throw new ConnectError('who are you?', Code.Unauthenticated)
    }
    const server = await startBackend('a', { lane: { interceptors: [guard] } })
    server.health.setStatus('greeter', 'SERVING')
    return { server, denied }
  }

  test('gets the token of the channel with the health check too', async () => {
    const { server, denied } = await startGuarded()
    const credentials = bearerToken('good', OPEN)
    const client = connectTo([server], 'round_robin', { serviceConfig: CHECKED, credentials })
    expect(await client.share(3)).toEqual({ a: 3 })
    expect(watchers(server)).toBe(1)
    expect(denied).toEqual([])
  })

  test('is not used without one, and the error says why', async () => {
    const { server, denied } = await startGuarded()
    const client = connectTo([server], 'round_robin', { serviceConfig: CHECKED })
    await expect(client.greeter.sayHello({})).rejects.toMatchObject({
      code: Code.Unavailable,
      rawMessage: expect.stringMatching(/^the health check of 127\.0\.0\.1:\d+ failed: who are you\?$/),
    })
    expect(denied).toEqual(['Watch'])
  })

  test('is checked again after the credentials failed', async () => {
    const { server, denied } = await startGuarded()
    const asked: string[] = []
    const credentials: CallCredentials = {
      ...OPEN,
      metadata({ path }) {
        asked.push(path)
        if (asked.length === 1) throw new ConnectError('none yet', Code.Unimplemented)
        return { authorization: 'Bearer good' }
      },
    }
    const client = connectTo([server], 'round_robin', { serviceConfig: CHECKED, credentials })
    client.transport.connect()
    await expect.poll(() => client.transport.getState()).toBe('TRANSIENT_FAILURE')
    await expect.poll(() => client.transport.getState(), { timeout: 4_000 }).toBe('READY')
    expect(asked).toEqual(['/grpc.health.v1.Health/Watch', '/grpc.health.v1.Health/Watch'])
    expect(await client.share(3)).toEqual({ a: 3 })
    expect(denied).toEqual([])
  })
})

test('HC-10 a server without the health service is used, and a warning says that it is unchecked', async () => {
  const server = await startBackend('a', { servesHealth: false })
  const warned = once(process, 'warning')
  const client = connectTo([server], 'round_robin', { serviceConfig: CHECKED })
  expect(await client.share(3)).toEqual({ a: 3 })
  const [warning] = await warned
  expect(String(warning)).toContain(`127.0.0.1:${server.port} does not support grpc.health.v1.Health`)
  // The calls, and one question.
  await expect.poll(() => server.ends.length).toBe(4)
})

test('pick_first does no health checking, as it has no alternative', async () => {
  const [server] = await startPair()
  server.health.setStatus('greeter', 'NOT_SERVING')
  const client = connectTo([server], 'pick_first', { serviceConfig: CHECKED })
  expect(await client.share(3)).toEqual({ a: 3 })
  expect(watchers(server)).toBe(0)
})

describe('a health watch', () => {
  test('counts against the stream limit of the server', async () => {
    const server = await startBackend('a', { http2: { maxConcurrentStreams: 2 } })
    server.health.setStatus('greeter', 'SERVING')
    const client = connectTo([server], 'round_robin', { serviceConfig: CHECKED })
    expect(await client.share(50)).toEqual({ a: 50 })
    expect(watchers(server)).toBe(1)
  })

  test('ends with its connection on GOAWAY, and the next connection starts its own', async () => {
    const [server] = await startPair()
    const client = connectTo([server], 'round_robin', { serviceConfig: CHECKED })
    expect(await client.share(3)).toEqual({ a: 3 })
    const [first] = server.sessions
    first?.close()
    await expect.poll(() => [...server.sessions].includes(first as never)).toBe(false)
    expect(await client.share(3)).toEqual({ a: 3 })
    expect(watchers(server)).toBe(1)
  })

  test('does not count as activity: the channel goes idle and closes it', async () => {
    const [server] = await startPair()
    const client = connectTo([server], 'round_robin', { serviceConfig: CHECKED, idleTimeoutMs: 50 })
    expect(await client.share(3)).toEqual({ a: 3 })
    expect(await client.transport.watchState('READY')).toBe('IDLE')
    await expect.poll(() => [watchers(server), server.sessions.size]).toEqual([0, 0])
    expect(await client.share(3)).toEqual({ a: 3 })
  })

  test('does not keep the process alive', async () => {
    const [server] = await startBackends('a')
    const program = `
      import { createClient } from '@connectrpc/connect'
      import { createTransport } from './client/node/public.ts'
      import { GreeterService } from './gen/greeter/v1/greeter_pb.js'
      const transport = createTransport({
        target: 'ipv4:127.0.0.1:${server?.port}',
        serviceConfig: ${JSON.stringify({ ...ROUND_ROBIN, healthCheckConfig: { serviceName: '' } })},
      })
      console.log((await createClient(GreeterService, transport).sayHello({})).message)
    `
    const child = spawn(process.execPath, ['--input-type=module', '--eval', program])
    onTestFinished(() => {
      child.kill('SIGKILL')
    })
    const [output, errors, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
    expect([output, errors, code]).toEqual(['a\n', '', 0])
  })
})
