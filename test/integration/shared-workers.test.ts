/** A server of several processes looks like one: topics, metrics, channelz, the admin service and limits. */
import { once } from 'node:events'
import { connect } from 'node:net'
import { type Client, createClient } from '@connectrpc/connect'
import { expect, onTestFinished, test } from 'vitest'
import { Channelz } from '../../gen/channelz_pb.js'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import { Admin } from '../../gen/portico/admin/v1/admin_pb.js'
import { sayHello } from '../support/calls.ts'
import { collect } from '../support/collect.ts'
import { exchangeHttp1 } from '../support/exchange.ts'
import { MATRIX, type MatrixRow, openTransport } from '../support/matrix.ts'
import { ServerProcess } from '../support/server-process.ts'
import { temporaryFile } from '../support/temporary-file.ts'
import { listenWithWorkers } from '../support/worker-processes.ts'

const GRPC = MATRIX.find(({ name }) => name === 'gRPC, proto, HTTP/2') as MatrixRow

interface Connected {
  readonly greeter: Client<typeof GreeterService>
  readonly channelz: Client<typeof Channelz>
  readonly admin: Client<typeof Admin>
}

/** Opens connections, which go to the workers in turn. */
async function connectAll(port: number, count: number): Promise<Connected[]> {
  const opened: Connected[] = []
  for (let n = 0; n < count; n += 1) {
    const { transport, close } = openTransport(GRPC, { port, ca: '' })
    onTestFinished(close)
    const greeter = createClient(GreeterService, transport)
    await greeter.sayHello({ name: 'Ada' })
    opened.push({ greeter, channelz: createClient(Channelz, transport), admin: createClient(Admin, transport) })
  }
  return opened
}

const STARTED = 'grpc_server_call_started_total{grpc_method="greeter.v1.GreeterService/SayHello"}'

async function pageOf(origin: string): Promise<ReadonlyMap<string, number>> {
  const { body } = await exchangeHttp1(origin, { method: 'GET', path: '/metrics' })
  const lines = String(body)
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]))
}

test('what is published in one worker reaches the subscribers of all, each message once and in order', async () => {
  const { port } = await listenWithWorkers(2)
  const clients = await connectAll(port, 4)
  const topic = 'shared'
  const reading = clients.map(async ({ greeter }) => {
    const read = await collect(greeter.getStream({ topic, afterSequence: 0n, limit: 20 }))
    return read.map(({ sequence, data }) => `${sequence} ${data}`)
  })
  const sent: string[] = []
  for (let n = 1; n <= 20; n += 1) {
    const { sequence } = (await clients[n % 4]?.greeter.publish({ topic, data: `m${n}` })) ?? {}
    sent.push(`${sequence} m${n}`)
  }
  expect(sent.at(-1)).toBe('20 m20')
  expect(await Promise.all(reading)).toEqual(clients.map(() => sent))

  const quotes = await Promise.all(
    clients.map(async ({ greeter }) => {
      const read = await collect(greeter.getStream({ topic: 'stocks/ACME', afterSequence: 0n, limit: 2 }))
      return read.map(({ data }) => data)
    }),
  )
  expect(new Set(quotes.map(String)).size).toBe(1)
})

test('metrics, channelz and the admin service are those of all workers, whichever answers', async () => {
  const { server, port, origin, pids } = await listenWithWorkers(2, ['--metrics', '--admin'])
  const clients = await connectAll(port, 4)
  const calls = 6

  for (let n = 0; n < 2; n += 1) {
    const page = await pageOf(origin)
    expect(page.get(STARTED)).toBe(calls)
    expect(page.get('portico_server_connection_open{network_protocol_version="2",tls="false"}')).toBe(4)
    expect([...page.keys()].filter((name) => name.startsWith('process_memory')).sort()).toEqual([
      'process_memory_usage_bytes{worker="1"}',
      'process_memory_usage_bytes{worker="2"}',
      'process_memory_usage_bytes{worker="primary"}',
    ])
  }

  for (const { channelz } of clients) {
    const { server: servers, end } = await channelz.getServers({})
    expect([servers.length, end]).toEqual([2, true])
    const started = servers.map(({ data }) => Number(data?.callsStarted))
    expect(started.reduce((a, b) => a + b)).toBeGreaterThanOrEqual(calls)
    const sockets: bigint[] = []
    for (const { ref } of servers) {
      const { socketRef } = await channelz.getServerSockets({ serverId: ref?.serverId ?? 0n })
      sockets.push(...socketRef.map(({ socketId }) => socketId))
    }
    expect(new Set(sockets).size).toBe(4)
    for (const socketId of sockets) {
      expect((await channelz.getSocket({ socketId })).socket?.ref?.socketId).toBe(socketId)
    }
    await expect(channelz.getSocket({ socketId: 1n })).rejects.toThrow('socket 1 not found')
  }

  await clients[0]?.admin.setLogLevel({ level: 'debug' })
  for (const { admin } of clients) expect((await admin.getLogLevel({})).logLevel?.level).toBe('debug')

  process.kill(pids().get(1) as number, 'SIGKILL')
  await server.untilLine((line) => line === 'a worker started')
  for (let n = 0; n < 2; n += 1) {
    const page = await pageOf(origin)
    expect(page.get(STARTED)).toBe(calls)
    expect(page.get('portico_server_workers_ended_total')).toBe(1)
  }
  const levels = await Promise.all(
    (await connectAll(port, 2)).map(async ({ admin }) => (await admin.getLogLevel({})).logLevel?.level),
  )
  expect(levels).toEqual(['debug', 'debug'])
})

const url = (file: string) => JSON.stringify(new URL(`../../${file}`, import.meta.url).href)

test('admin services of a program that lists them before it starts are those of all workers too', async () => {
  const program = await temporaryFile(
    'admin.ts',
    `import { serve } from ${url('server/serve.ts')}
    import { admin } from ${url('server/admin/admin.ts')}
    import { GreeterService } from ${url('gen/greeter/v1/greeter_pb.js')}
    await serve({
      workers: 2,
      middleware: [admin()],
      routes: (router) => router.service(GreeterService, { sayHello: () => ({ message: 'hello' }) }),
    })`,
  )
  const { port } = await ServerProcess.listen([], {}, program)
  const clients = await connectAll(port, 2)
  for (const { channelz } of clients) expect((await channelz.getServers({})).server).toHaveLength(2)
  await clients[0]?.admin.setLogLevel({ level: 'debug' })
  for (const { admin } of clients) expect((await admin.getLogLevel({})).logLevel?.level).toBe('debug')
})

test('limits count for the machine: a rate of 10 admits 10, and 6 connections are 6', async () => {
  const program = await temporaryFile(
    'limits.ts',
    `import { serve } from ${url('server/serve.ts')}
    import { rateLimit } from ${url('server/limits/rate-limit.ts')}
    import { GreeterService } from ${url('gen/greeter/v1/greeter_pb.js')}
    await serve({
      workers: 2,
      middleware: [rateLimit({ by: 'peer', capacity: 10, refillPerSecond: 0.001 })],
      routes: (router) => router.service(GreeterService, { sayHello: () => ({ message: 'hello' }) }),
    })`,
  )
  const { port, origin } = await ServerProcess.listen(['--max-connections', '6'], {}, program)
  const statuses: number[] = []
  for (let n = 0; n < 20; n += 1) statuses.push((await exchangeHttp1(origin, sayHello('connect'))).status)
  expect(statuses).toEqual([...Array<number>(10).fill(200), ...Array<number>(10).fill(429)])

  const sockets = Array.from({ length: 10 }, () => connect(port, '127.0.0.1'))
  onTestFinished(() => void sockets.map((socket) => socket.destroy()))
  for (const socket of sockets) socket.on('error', () => {}).resume()
  const open = () => sockets.filter((socket) => !socket.closed)
  await expect.poll(() => open().length).toBe(6)
  expect(sockets.every((socket) => !socket.connecting)).toBe(true)

  const [first] = open()
  first?.destroy()
  await once(first as NonNullable<typeof first>, 'close')
  await expect
    .poll(() =>
      exchangeHttp1(origin, sayHello('connect')).then(
        ({ status }) => status,
        () => 0,
      ),
    )
    .toBe(429)
  expect(open()).toHaveLength(5)
})
