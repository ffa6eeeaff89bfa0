/** Load balancing over real sockets: which server gets which call, and that no call is lost while servers change. */
import { once } from 'node:events'
import { createServer, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2'
import path from 'node:path'
import { Code, createContextValues } from '@connectrpc/connect'
import { connectNodeAdapter } from '@connectrpc/connect-node'
import { describe, expect, onTestFinished, test } from 'vitest'
import { waitForReady } from '../../client/node/rpc/wait-for-ready.ts'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import {
  type Backend,
  type BackendsClient,
  connectTo,
  keepCalling,
  portsOf,
  startBackend,
  startBackends,
} from '../support/backends.ts'
import { openGreeter } from '../support/open-greeter.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const ONE_STREAM = { http2: { maxConcurrentStreams: 1 } }

/** Waits until all of them receive calls, and no other server does. */
async function sharedBetween(client: BackendsClient, backends: readonly Backend[]): Promise<void> {
  const names = backends.map(({ name }) => name).sort()
  await expect.poll(async () => Object.keys(await client.share(12)).sort()).toEqual(names)
}

/** Makes calls that wait for `release`, until there is one at each server. */
async function holdCalls({ greeter }: BackendsClient, backends: readonly Backend[]) {
  const calls: ReturnType<typeof greeter.sayHello>[] = []
  const count = () => backends.reduce((sum, { waiting }) => sum + waiting, 0)
  while (backends.some(({ waiting }) => waiting === 0)) {
    calls.push(greeter.sayHello({ name: 'wait' }))
    await expect.poll(count).toBe(calls.length)
  }
  return calls
}

describe('LB-4 round_robin', () => {
  test('distributes 300 calls 1:1:1', async () => {
    const backends = await startBackends('abc')
    const client = connectTo(backends, 'round_robin')
    await sharedBetween(client, backends)
    for (let times = 0; times < 10; times++) expect(await client.share(30)).toEqual({ a: 10, b: 10, c: 10 })
  })

  test('a removed server gets no new calls, finishes its open ones, and none fails', async () => {
    const [a, b, c] = await startThree()
    const client = connectTo([a, b, c], 'round_robin')
    await sharedBetween(client, [a, b, c])
    const slow = await holdCalls(client, [a, b, c])
    const calling = keepCalling(client)
    client.resolver.tell({ ports: portsOf([a, b]) })
    expect(await client.share(300)).toEqual({ a: expect.any(Number), b: expect.any(Number) })
    for (const backend of [a, b, c]) backend.release()
    expect((await Promise.all(slow)).map(({ message }) => message)).toContain('c')
    await expect.poll(() => c.sessions.size).toBe(0)
    expect(await calling.stop()).toBeGreaterThan(0)
    expect(await client.share(150)).toEqual({ a: 75, b: 75 })
  })
})

test('calls waiting for a stream on a removed server move to another', async () => {
  const [a, b] = [await startBackend('a', ONE_STREAM), await startBackend('b', ONE_STREAM)]
  const client = connectTo([a], 'round_robin')
  const held = client.greeter.sayHello({ name: 'wait' })
  await expect.poll(() => a.waiting).toBe(1)
  const queued = Array.from({ length: 5 }, () => client.greeter.sayHello({}))
  client.resolver.tell({ ports: portsOf([b]) })
  expect((await Promise.all(queued)).map(({ message }) => message)).toEqual(['b', 'b', 'b', 'b', 'b'])
  a.release()
  expect(await held).toMatchObject({ message: 'a' })
})

describe('connectionScaling (gRFC A105)', () => {
  const scaled = (maxConnectionsPerSubchannel: number) => ({
    serviceConfig: { connectionScaling: { maxConnectionsPerSubchannel } },
  })

  test('opens more connections when a server reaches its stream limit, up to the maximum', async () => {
    const server = await startBackend('a', ONE_STREAM)
    const client = connectTo([server], 'round_robin', scaled(3))
    const held = Array.from({ length: 4 }, () => client.greeter.sayHello({ name: 'wait' }))
    await expect.poll(() => server.waiting).toBe(3)
    expect(server.sessions.size).toBe(3)
    server.release()
    await expect.poll(() => server.waiting).toBe(1)
    server.release()
    await Promise.all(held)
    expect(await client.share(20)).toEqual({ a: 20 })
    expect(server.sessions.size).toBe(3)
  })

  test('no call fails while the server closes one connection after the other', async () => {
    const server = await startBackend('a', ONE_STREAM)
    const client = connectTo([server], 'round_robin', scaled(2))
    await client.share(20)
    const calling = [keepCalling(client), keepCalling(client)]
    for (let times = 0; times < 5; times++) {
      const [session] = server.sessions
      session?.close()
      await expect.poll(() => [...server.sessions].includes(session as never)).toBe(false)
      await client.share(20)
    }
    for (const { stop } of calling) await stop()
  })
})

test('NR-4 on a new address list connections change, no call fails, and remaining servers keep their connection', async () => {
  const [a, b, c] = await startThree()
  const client = connectTo([a, b], 'round_robin')
  await sharedBetween(client, [a, b])
  const [kept] = b.sessions
  const calling = keepCalling(client)
  client.resolver.tell({ ports: portsOf([b, c]) })
  await sharedBetween(client, [b, c])
  await expect.poll(() => a.sessions.size).toBe(0)
  client.resolver.tell({ ports: portsOf([a, b]) })
  await sharedBetween(client, [a, b])
  await calling.stop()
  expect([...b.sessions]).toEqual([kept])
})

test('SD-2 no call fails when three servers become five and then two, under load', async () => {
  const backends = await startBackends('abcde')
  const client = connectTo(backends.slice(0, 3), 'round_robin')
  await sharedBetween(client, backends.slice(0, 3))
  const calling = keepCalling(client)
  client.resolver.tell({ ports: portsOf(backends) })
  await sharedBetween(client, backends)
  client.resolver.tell({ ports: portsOf(backends.slice(3)) })
  await sharedBetween(client, backends.slice(3))
  for (const gone of backends.slice(0, 3)) await expect.poll(() => gone.sessions.size).toBe(0)
  await calling.stop()
})

test('RT-8 after GOAWAY open calls finish, and new calls use the other servers and then the next connection', async () => {
  const backends = await startThree()
  const [a] = backends
  const client = connectTo(backends, 'round_robin')
  await sharedBetween(client, backends)
  const calling = keepCalling(client)
  for (let times = 0; times < 5; times++) {
    const slow = await holdCalls(client, backends)
    for (const session of a.sessions) session.close()
    await client.share(30)
    for (const backend of backends) backend.release()
    await Promise.all(slow)
    await sharedBetween(client, backends)
  }
  await calling.stop()
})

test('SC-4 a new policy takes over once it is ready, and no call fails', async () => {
  const [a, b, c] = await startThree()
  const servers = [a, b, c]
  const client = connectTo(servers, 'round_robin')
  await sharedBetween(client, servers)
  const calling = keepCalling(client)
  const config = (policy: string) => ({
    ports: portsOf(servers),
    serviceConfig: { loadBalancingConfig: [{ [policy]: {} }] },
  })
  client.resolver.tell(config('pick_first'))
  await sharedBetween(client, [a])
  await expect.poll(() => servers.map(({ sessions }) => sessions.size)).toEqual([1, 0, 0])
  client.resolver.tell(config('round_robin'))
  await sharedBetween(client, servers)
  await calling.stop()
})

test('LB-6 least_request avoids a slow server', async () => {
  const [slow, fast] = [await startBackend('slow'), await startBackend('fast')]
  const client = connectTo([slow, fast], 'least_request_experimental', { config: { choiceCount: 10 } })
  await sharedBetween(client, [slow, fast])
  const held = await holdCalls(client, [slow, fast])
  fast.release()
  // With two servers, ten random choices nearly always include the idle one.
  let fromSlow = 0
  for (let call = 0; call < 200; call++) {
    const { message } = await client.greeter.sayHello({})
    if (message === slow.name) fromSlow++
  }
  expect(fromSlow).toBeLessThan(10)
  slow.release()
  await Promise.all(held)
})

describe('LB-7 ring_hash', () => {
  const KEYS = Array.from({ length: 200 }, (_, index) => `user-${index}`)

  async function placesOf({ greeter }: BackendsClient): Promise<string[]> {
    const answers = KEYS.map((key) => greeter.sayHello({}, { headers: { 'x-user': key } }))
    return (await Promise.all(answers)).map(({ message }) => message)
  }

  test('equal keys map to the same server; few move when one is removed, and all move back when it returns', async () => {
    const backends = await startBackends('abcd')
    const client = connectTo(backends, 'ring_hash_experimental', { config: { requestHashHeader: 'x-user' } })
    const places = await placesOf(client)
    expect(new Set(places).size).toBe(4)
    expect(await placesOf(client)).toEqual(places)
    client.resolver.tell({ ports: portsOf(backends.slice(1)) })
    const after = await placesOf(client)
    expect(after).not.toContain('a')
    const moved = places.filter((place, index) => place !== 'a' && place !== after[index])
    expect(moved.length / KEYS.length).toBeLessThan(0.3)
    client.resolver.tell({ ports: portsOf(backends) })
    await expect.poll(() => placesOf(client)).toEqual(places)
  })
})

test('CB-3 with no server reachable calls fail at once, and wait-for-ready calls run when it appears', async () => {
  const gone = await startBackend('gone')
  await gone.close()
  const client = connectTo([gone], 'round_robin')
  await expect(client.greeter.sayHello({})).rejects.toMatchObject({
    code: Code.Unavailable,
    rawMessage: expect.stringContaining('ECONNREFUSED'),
  })
  const contextValues = createContextValues().set(waitForReady, true)
  const patient = client.greeter.sayHello({}, { contextValues })
  await startBackend('back', { port: gone.port })
  client.transport.resetConnectBackoff()
  expect(await patient).toMatchObject({ message: 'back' })
})

test('NR-6 a Unix socket is called with the authority localhost', async () => {
  const folder = await temporaryFolder()
  const socket = path.join(folder, 'greeter.sock')
  const authorities: string[] = []
  const greet = connectNodeAdapter({
    routes: (router) => router.service(GreeterService, { sayHello: ({ name }) => ({ message: `Hello ${name}` }) }),
  })
  const server = createServer((request: Http2ServerRequest, response: Http2ServerResponse) => {
    authorities.push(request.authority)
    greet(request, response)
  })
  await once(server.listen(socket), 'listening')
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())))
  const { client } = openGreeter({ target: `unix://${socket}` })
  expect(await client.sayHello({ name: 'Unix' })).toMatchObject({
    message: 'Hello Unix',
  })
  expect(authorities).toEqual(['localhost'])
})

async function startThree(): Promise<[Backend, Backend, Backend]> {
  return [await startBackend('a'), await startBackend('b'), await startBackend('c')]
}
