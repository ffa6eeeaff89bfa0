import { once } from 'node:events'
import { createServer as createTcpServer, type Socket } from 'node:net'
import path from 'node:path'
import { create, toBinary } from '@bufbuild/protobuf'
import { Code } from '@connectrpc/connect'
import { expect, test } from 'vitest'
import { createClient } from '../../client/core/create-client.ts'
import type { TransportOptions } from '../../client/node/transport-options.ts'
import { GreeterService, SayHelloResponseSchema } from '../../gen/greeter/v1/greeter_pb.js'
import { envelop } from '../../wire/envelope.ts'
import { startHttpServer } from '../support/http-server.ts'
import { listenRaw } from '../support/listen-raw.ts'
import { openGreeter } from '../support/open-greeter.ts'
import { settled } from '../support/settled.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const HELLO = toBinary(SayHelloResponseSchema, create(SayHelloResponseSchema, { message: 'hello' }))

function connect(options: TransportOptions) {
  return openGreeter({ protocol: 'connect', httpVersion: '1.1', ...options })
}

function answerHello(socket: Socket, fields = ''): void {
  const head = `HTTP/1.1 200 OK\r\ncontent-type: application/proto\r\n${fields}content-length: ${HELLO.byteLength}\r\n\r\n`
  socket.write(Buffer.concat([Buffer.from(head), HELLO]))
}

/** A server that receives each chunk of a request, with the socket and the number of earlier chunks, on it and in total. */
async function startByHand(onRequest: (socket: Socket, counts: { before: number; beforeOnSocket: number }) => void) {
  let before = 0
  const server = createTcpServer((socket) => {
    let beforeOnSocket = 0
    socket.on('error', () => {})
    socket.on('data', () => onRequest(socket, { before: before++, beforeOnSocket: beforeOnSocket++ }))
  })
  const port = await listenRaw(server)
  return { baseUrl: `http://127.0.0.1:${port}`, requests: () => before }
}

test('sequential calls share a socket', async () => {
  const server = await startHttpServer({ httpVersion: '1.1', greeter: { sayHello: () => ({}) } })
  const { client } = connect({ baseUrl: server.origin })
  for (let i = 0; i < 3; i++) await client.sayHello({})
  expect(server.connections).toBe(1)
})

test.each([
  ['connect', 'application/connect+proto', envelop(2, Buffer.from('{}'))],
  ['grpc-web', 'application/grpc-web+proto', envelop(0x80, Buffer.from('grpc-status: 0\r\n'))],
] as const)('%s: leaving a completely received response releases its socket', async (protocol, type, end) => {
  const message = envelop(0, Buffer.alloc(0))
  const rest = Buffer.concat([message, end])
  const length = message.byteLength + rest.byteLength
  const head = Buffer.from(`HTTP/1.1 200 OK\r\ncontent-type: ${type}\r\ncontent-length: ${length}\r\n\r\n`)
  const sockets: Socket[] = []
  const server = await startByHand((socket) => {
    sockets.push(socket)
    socket.write(Buffer.concat([head, message]))
  })
  const { transport } = connect({ baseUrl: server.baseUrl, protocol })
  const greeter = createClient(GreeterService, transport)
  for (let calls = 1; calls < 4; calls++) {
    for await (const _ of greeter.getStream({})) {
      await new Promise((resolve) => sockets.at(-1)?.write(rest, resolve))
      await settled()
      break
    }
    expect(server.requests()).toBe(calls)
  }
  const connections = () => transport.inspect().addresses.flatMap((address) => address.connections)
  await expect.poll(connections).toMatchObject([{ openStreams: 0 }])
})

test('opens no more sockets than allowed: further calls wait for their turn', async () => {
  const waiting: (() => void)[] = []
  let most = 0
  const { promise: isFull, resolve: onFull } = Promise.withResolvers<void>()
  const server = await startHttpServer({
    httpVersion: '1.1',
    greeter: {
      async sayHello() {
        await new Promise<void>((resolve) => {
          waiting.push(resolve)
          most = Math.max(most, waiting.length)
          if (waiting.length === 2) onFull()
        })
        return {}
      },
    },
  })
  const { client, transport } = connect({ baseUrl: server.origin, maxSockets: 2 })
  const calls = Array.from({ length: 5 }, () => client.sayHello({}))
  await isFull
  expect(transport.inspect().queuedPicks).toBe(3)
  const release = setInterval(() => waiting.shift()?.(), 1)
  await Promise.all(calls).finally(() => clearInterval(release))
  expect(most).toBe(2)
  expect(server.connections).toBe(2)
})

test('a cancelled call frees its socket for waiting calls', async () => {
  const { promise: isHere, resolve } = Promise.withResolvers<void>()
  const server = await startHttpServer({
    httpVersion: '1.1',
    greeter: { sayHello: () => ({}) },
    answer(_request, _response, count) {
      resolve()
      return count === 0
    },
  })
  const { client } = connect({ baseUrl: server.origin, maxSockets: 1 })
  const controller = new AbortController()
  const first = expect(client.sayHello({}, { signal: controller.signal })).rejects.toMatchObject({
    code: Code.Canceled,
  })
  await isHere
  const second = client.sayHello({})
  controller.abort()
  await first
  await second
  expect(server.connections).toBe(2)
})

test('a call cancelled in the queue makes way for the next', async () => {
  const waiting: (() => void)[] = []
  const { promise: isHere, resolve: onFirst } = Promise.withResolvers<void>()
  const server = await startHttpServer({
    httpVersion: '1.1',
    greeter: {
      async sayHello() {
        onFirst()
        if (waiting.length === 0) await new Promise<void>((resolve) => waiting.push(resolve))
        return {}
      },
    },
  })
  const { client } = connect({ baseUrl: server.origin, maxSockets: 1 })
  const controller = new AbortController()
  const first = client.sayHello({})
  await isHere
  const second = expect(client.sayHello({}, { signal: controller.signal })).rejects.toMatchObject({
    code: Code.Canceled,
  })
  const third = client.sayHello({})
  controller.abort()
  await second
  waiting[0]?.()
  await Promise.all([first, third])
  expect(server.heads).toHaveLength(2)
})

test('replaces an idle socket that the server closed', async () => {
  const server = await startHttpServer({ httpVersion: '1.1', greeter: { sayHello: () => ({}) } })
  const { client, transport } = connect({ baseUrl: server.origin })
  await client.sayHello({})
  const closed = Promise.all([...server.sockets].map((socket) => once(socket, 'close')))
  for (const socket of server.sockets) socket.end()
  await closed
  expect(transport.getState()).toBe('READY')
  await client.sayHello({})
  expect(server.connections).toBe(2)
})

test('retries a call without side effects when its socket turns out to be closed', async () => {
  const server = await startByHand((socket, { beforeOnSocket }) => {
    if (beforeOnSocket === 0) answerHello(socket)
    else socket.resetAndDestroy()
  })
  const { client } = connect({ baseUrl: server.baseUrl })
  await client.sayHello({})
  expect(await client.sayHello({})).toMatchObject({ message: 'hello' })
  expect(server.requests()).toBe(3)
})

test('does not retry a call that may have had side effects', async () => {
  const server = await startByHand((socket, { beforeOnSocket }) => {
    if (beforeOnSocket === 0) answerHello(socket)
    else socket.resetAndDestroy()
  })
  const { client } = connect({ baseUrl: server.baseUrl })
  await client.sayHello({})
  await expect(client.publish({ topic: 'x' })).rejects.toMatchObject({ code: Code.Unavailable })
  expect(server.requests()).toBe(2)
})

test('a socket that fails to open sends the call to another address', async () => {
  const names: string[] = []
  const [a, b] = await Promise.all(
    ['a', 'b'].map((name) =>
      startHttpServer({
        httpVersion: '1.1',
        greeter: {
          sayHello() {
            names.push(name)
            return {}
          },
        },
      }),
    ),
  )
  if (a === undefined || b === undefined) throw new Error('both have started')
  const { client, transport } = connect({
    target: `ipv4:127.0.0.1:${a.port},127.0.0.1:${b.port}`,
    serviceConfig: { loadBalancingConfig: [{ round_robin: {} }] },
  })
  while (!(names.includes('a') && names.includes('b'))) await client.sayHello({})
  await a.close()
  names.length = 0
  for (let i = 0; i < 4; i++) await client.sayHello({})
  expect(names).toEqual(['b', 'b', 'b', 'b'])
  const states = transport.inspect().addresses.map(({ address, state }) => [address, state])
  expect(states).toContainEqual([`127.0.0.1:${b.port}`, 'READY'])
  expect(states).not.toContainEqual([`127.0.0.1:${a.port}`, 'READY'])
})

test('opens one socket per call if the server closes the connection after each response', async () => {
  const server = await startByHand((socket) => {
    answerHello(socket, 'connection: close\r\n')
    socket.end()
  })
  const { client, transport } = connect({ baseUrl: server.baseUrl })
  for (let i = 0; i < 3; i++) expect(await client.sayHello({})).toMatchObject({ message: 'hello' })
  expect(transport.getState()).toBe('READY')
})

test.each([
  ['no HTTP', 'SSH-2.0-OpenSSH\r\n', Code.Internal],
  ['too long a head', `HTTP/1.1 200 OK\r\nx-long: ${'x'.repeat(70_000)}\r\n\r\n`, Code.ResourceExhausted],
  [
    'half an answer',
    'HTTP/1.1 200 OK\r\ncontent-type: application/proto\r\ncontent-length: 9\r\n\r\nhalf',
    Code.Unavailable,
  ],
  ['no answer', '', Code.Unavailable],
])('a server that sends %s fails the call', async (_what, octets, code) => {
  const server = await startByHand((socket) => socket.end(octets))
  const { client } = connect({ baseUrl: server.baseUrl })
  await expect(client.publish({})).rejects.toMatchObject({ code })
})

test('ignores interim responses', async () => {
  const server = await startByHand((socket) => {
    socket.write('HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n')
    answerHello(socket)
  })
  const { client } = connect({ baseUrl: server.baseUrl })
  expect(await client.sayHello({})).toMatchObject({ message: 'hello' })
})

test('a Unix socket gets the configured authority', async () => {
  const where = { path: path.join(await temporaryFolder(), 'server.sock') }
  const server = await startHttpServer({ httpVersion: '1.1', greeter: { sayHello: () => ({}) }, where })
  const { client } = connect({ target: `unix:${where.path}`, authority: 'greeter.test' })
  await client.sayHello({})
  expect(server.heads.map(({ host }) => host)).toEqual(['greeter.test'])
})

test('inspect works for a channel over HTTP/1.1', async () => {
  const server = await startHttpServer({ httpVersion: '1.1', greeter: { sayHello: () => ({}) } })
  const { client, transport } = connect({ baseUrl: server.origin, maxSockets: 7 })
  await client.sayHello({})
  const [address] = transport.inspect().addresses
  expect(address).toMatchObject({ address: `127.0.0.1:${server.port}`, state: 'READY', calls: { started: 1 } })
  expect(address?.connections).toMatchObject([{ openStreams: 0 }])
})

test('a server over HTTP/1.1 stays in use with health checking on, which needs gRPC', async () => {
  const server = await startHttpServer({ httpVersion: '1.1', greeter: { sayHello: () => ({ message: 'here' }) } })
  const warned = once(process, 'warning')
  const { client } = connect({
    baseUrl: server.origin,
    serviceConfig: { loadBalancingConfig: [{ round_robin: {} }], healthCheckConfig: { serviceName: 'x' } },
  })
  expect(await client.sayHello({})).toMatchObject({ message: 'here' })
  await warned
})
