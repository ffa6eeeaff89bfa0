/** `grpc.channelz.v1` as a service: the servers, sockets and channels of a process, in every protocol and on both lanes. */
import { EventEmitter } from 'node:events'
import type { ServerHttp2Session } from 'node:http2'
import { Code, ConnectError, type ConnectRouter, createClient } from '@connectrpc/connect'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { createTransport } from '../../client/node/transport.ts'
import { type Address, Channelz } from '../../gen/channelz_pb.js'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import { CallCounts } from '../../server/admin/channelz/call-counts.ts'
import { ServerRecord } from '../../server/admin/channelz/server-record.ts'
import type { OnePortServer } from '../../server/listen/one-port-server.ts'
import { LANES, type Lane } from '../../server/rpc/lane.ts'
import { testCertificates } from '../support/certificates.ts'
import { startRoutes } from '../support/demo-server.ts'
import { MATRIX, type MatrixRow, openTransport } from '../support/matrix.ts'
import { retryConfig } from '../support/retry-config.ts'

const ROWS = MATRIX.filter(({ format }) => format === 'proto')
const CASES = LANES.flatMap((lane) => ROWS.map((row) => [lane, row.name, row] as const))
const GRPC = ROWS.find(({ protocol, isSecure }) => protocol === 'gRPC' && !isSecure) as MatrixRow

const { ca, server: certificate } = await testCertificates()
let attempts = 0

function routes(router: ConnectRouter): void {
  router.service(GreeterService, {
    sayHello({ name }) {
      attempts += 1
      if (name === 'nobody') throw new ConnectError('no such person', Code.NotFound)
      if (name === 'flaky' && attempts % 2 === 1) throw new ConnectError('again', Code.Unavailable)
      return { message: `Hello ${name}` }
    },
    async *getStream() {
      yield { data: 'one' }
      yield { data: 'two' }
    },
  })
}

async function start(lane: Lane, row: MatrixRow = GRPC) {
  attempts = 0
  const listen = row.isSecure ? { tls: certificate } : {}
  const { port, host } = await startRoutes({ lane, routes, admin: true, listen })
  const open = () => {
    const { transport, close } = openTransport(row, { port, ca })
    onTestFinished(close)
    return { greeter: createClient(GreeterService, transport), channelz: createClient(Channelz, transport), close }
  }
  const { channelz, greeter } = open()
  const serverId = async () =>
    (await channelz.getServers({})).server.find(({ ref }) => ref?.name === host)?.ref?.serverId
  return { port, host, channelz, greeter, open, serverId }
}

describe.each(CASES)('on the %s lane, by %s', (lane, _name, row) => {
  test('shows the server, its listening socket and the connection that asks', async () => {
    const { channelz, greeter, host, serverId } = await start(lane, row)
    await greeter.sayHello({ name: 'Ada' })
    await expect(greeter.sayHello({ name: 'nobody' })).rejects.toMatchObject({ code: Code.NotFound })
    for await (const _ of greeter.getStream({ topic: 'x' }));
    const id = await serverId()
    const { server } = await channelz.getServer({ serverId: id ?? 0n })
    expect(server?.ref).toMatchObject({ serverId: id, name: host })
    // This call and the one for the id are calls, too.
    await vi.waitFor(async () => {
      const { server: now } = await channelz.getServer({ serverId: id ?? 0n })
      expect(now?.data?.callsFailed).toBe(1n)
      expect(now?.data?.callsStarted).toBe((now?.data?.callsSucceeded ?? 0n) + 2n)
    })
    expect(server?.data?.lastCallStartedTimestamp?.seconds).toBeGreaterThan(0n)
    const [listening] = server?.listenSocket ?? []
    expect(listening?.name).toBe(host)
    const { socket: listener } = await channelz.getSocket({ socketId: listening?.socketId ?? 0n })
    expect(portOf(listener?.local)).toBe(Number(host.split(':')[1]))

    const { socketRef, end } = await channelz.getServerSockets({ serverId: id ?? 0n })
    expect(end).toBe(true)
    expect(socketRef).toHaveLength(1)
    const { socket } = await channelz.getSocket({ socketId: socketRef[0]?.socketId ?? 0n })
    expect(socket?.ref).toEqual(socketRef[0])
    expect(portOf(socket?.local)).toBe(Number(host.split(':')[1]))
    expect(`127.0.0.1:${portOf(socket?.remote)}`).toBe(socket?.ref?.name)
    expect(socket?.data?.streamsStarted).toBeGreaterThanOrEqual(7n)
    expect(socket?.data?.streamsFailed).toBe(0n)
    expect(socket?.data?.messagesReceived).toBeGreaterThanOrEqual(7n)
    expect(socket?.data?.messagesSent).toBeGreaterThanOrEqual(7n)
    expect(socket?.data?.lastRemoteStreamCreatedTimestamp).toBeDefined()
    expect(socket?.data?.lastMessageSentTimestamp).toBeDefined()
    expect(socket?.security === undefined).toBe(!row.isSecure)
    const hasWindows = lane === 'native' && row.httpVersion === '2'
    expect(socket?.data?.localFlowControlWindow !== undefined).toBe(hasWindows)
    expect(socket?.data?.remoteFlowControlWindow !== undefined).toBe(hasWindows)
  })
})

test('CZ-1 pages start at an id, are 100 long by default, and say when they end', async () => {
  const { channelz, open, serverId } = await start('native')
  const others = Array.from({ length: 4 }, open)
  for (const { greeter } of others) await greeter.sayHello({})
  const id = (await serverId()) ?? 0n
  const { socketRef: all, end } = await channelz.getServerSockets({ serverId: id })
  expect(all).toHaveLength(5)
  expect(end).toBe(true)
  expect(all.map(({ socketId }) => socketId)).toEqual(ascending(all.map(({ socketId }) => socketId)))
  const first = await channelz.getServerSockets({ serverId: id, maxResults: 2n })
  expect(first.end).toBe(false)
  const startSocketId = (first.socketRef[1]?.socketId ?? 0n) + 1n
  const rest = await channelz.getServerSockets({ serverId: id, startSocketId, maxResults: 3n })
  expect(rest.end).toBe(true)
  expect([...first.socketRef, ...rest.socketRef]).toEqual(all)
  const inclusive = await channelz.getServerSockets({ serverId: id, startSocketId: all[4]?.socketId ?? 0n })
  expect(inclusive.socketRef).toEqual([all[4]])

  const before = await channelz.getTopChannels({})
  const transports = Array.from({ length: 103 - before.channel.length }, (_, at) =>
    createTransport({ target: `ipv4:127.0.0.1:${at + 1}` }),
  )
  onTestFinished(async () => void (await Promise.all(transports.map((transport) => transport.close()))))
  const page = await channelz.getTopChannels({})
  expect([page.channel.length, page.end]).toEqual([100, false])
  const startChannelId = (page.channel.at(-1)?.ref?.channelId ?? 0n) + 1n
  const last = await channelz.getTopChannels({ startChannelId })
  expect([last.channel.length, last.end]).toEqual([3, true])
  expect((await channelz.getTopChannels({ maxResults: 1_000n })).channel).toHaveLength(100)
})

test('CZ-2 counts N calls with retries once in the channel, and each attempt in subchannel, sockets and server', async () => {
  const { channelz, port, serverId } = await start('native')
  const target = `ipv4:127.0.0.1:${port}`
  const serviceConfig = { ...retryConfig(3, 'UNAVAILABLE'), retryThrottling: { maxTokens: 100, tokenRatio: 0.1 } }
  const transport = createTransport({ target, serviceConfig })
  onTestFinished(() => transport.close())
  const greeter = createClient(GreeterService, transport)
  for (let call = 0; call < 10; call += 1) await greeter.sayHello({ name: 'flaky' })

  const channel = (await channelz.getTopChannels({})).channel.find(({ data }) => data?.target === target)
  expect(channel?.data).toMatchObject({ callsStarted: 10n, callsSucceeded: 10n, callsFailed: 0n })
  expect((await channelz.getChannel({ channelId: channel?.ref?.channelId ?? 0n })).channel?.ref).toEqual(channel?.ref)
  const { subchannel } = await channelz.getSubchannel({ subchannelId: channel?.subchannelRef[0]?.subchannelId ?? 0n })
  expect(subchannel?.data).toMatchObject({ callsStarted: 20n, callsSucceeded: 10n, callsFailed: 10n })
  const { socket } = await channelz.getSocket({ socketId: subchannel?.socketRef[0]?.socketId ?? 0n })
  expect(socket?.data).toMatchObject({ streamsStarted: 20n, streamsSucceeded: 20n, streamsFailed: 0n })

  const id = (await serverId()) ?? 0n
  const { server } = await channelz.getServer({ serverId: id })
  expect(server?.data?.callsFailed).toBe(10n)
  const name = `127.0.0.1:${portOf(socket?.local)}`
  const { socketRef } = await channelz.getServerSockets({ serverId: id })
  const other = socketRef.find((ref) => ref.name === name)
  const { socket: seen } = await channelz.getSocket({ socketId: other?.socketId ?? 0n })
  expect(seen?.data).toMatchObject({
    streamsStarted: 20n,
    streamsSucceeded: 20n,
    streamsFailed: 0n,
    messagesReceived: 20n,
    messagesSent: 10n,
  })
})

test('CZ-3 an unknown id is NOT_FOUND, of every kind and of another kind, too', async () => {
  const { channelz, serverId } = await start('native')
  const id = (await serverId()) ?? 0n
  const missing = [999_999_999n, 0n, -1n, 9_223_372_036_854_775_807n]
  for (const unknown of missing) {
    await expectNotFound(channelz.getServer({ serverId: unknown }))
    await expectNotFound(channelz.getServerSockets({ serverId: unknown }))
    await expectNotFound(channelz.getSocket({ socketId: unknown }))
    await expectNotFound(channelz.getChannel({ channelId: unknown }))
    await expectNotFound(channelz.getSubchannel({ subchannelId: unknown }))
  }
  await expectNotFound(channelz.getSocket({ socketId: id }))
  await expectNotFound(channelz.getChannel({ channelId: id }))
})

test('CZ-4 ids are positive and unique over all kinds under churn, and never used again', async () => {
  const { channelz, port, open, serverId } = await start('native')
  const seen = new Map<bigint, string>()
  const note = (id: bigint | undefined, what: string) => {
    expect(id).toBeGreaterThan(0n)
    expect(seen.get(id ?? 0n) ?? what).toBe(what)
    seen.set(id ?? 0n, what)
  }
  const id = (await serverId()) ?? 0n
  note(id, 'server')
  for (let round = 0; round < 8; round += 1) {
    const transport = createTransport({ target: `ipv4:127.0.0.1:${port}` })
    await createClient(GreeterService, transport).sayHello({})
    const other = open()
    await other.greeter.sayHello({})
    const { socketRef } = await channelz.getServerSockets({ serverId: id })
    for (const { socketId, name } of socketRef) note(socketId, `server socket ${name}`)
    for (const { ref, subchannelRef } of (await channelz.getTopChannels({})).channel) {
      note(ref?.channelId, `channel ${round}`)
      for (const { subchannelId } of subchannelRef) {
        note(subchannelId, `subchannel ${round}`)
        const { subchannel } = await channelz.getSubchannel({ subchannelId })
        for (const { socketId } of subchannel?.socketRef ?? []) note(socketId, `client socket ${round}`)
      }
    }
    await transport.close()
    other.close()
    await vi.waitFor(async () => {
      expect((await channelz.getServerSockets({ serverId: id })).socketRef).toHaveLength(1)
    })
  }
  expect(seen.size).toBe(2 + 8 * 5)
})

test.each(LANES)('on the %s lane a connection that is being destroyed does not break the list', async (lane) => {
  const { fastify, port } = await startRoutes({ lane, routes, admin: true })
  const { transport, close } = openTransport(GRPC, { port, ca })
  onTestFinished(close)
  await createClient(GreeterService, transport).sayHello({})
  const server = fastify.server as unknown as OnePortServer
  const record = new ServerRecord(server, new CallCounts())
  const [connection] = record.connections
  expect(record.findSocket(connection?.id ?? 0)?.name).toBe(connection?.name)
  const [open] = server.openConnections()
  if (open?.key instanceof EventEmitter) (open.key as ServerHttp2Session).destroy()
  else open?.socket.destroy()
  expect(record.connections.length).toBeLessThanOrEqual(1)
  await vi.waitFor(() => expect(record.connections).toEqual([]))
  expect(record.findSocket(connection?.id ?? 0)).toBeUndefined()
})

test('a server that has closed, or has no admin services, is not shown', async () => {
  const { channelz } = await start('native')
  const before = (await channelz.getServers({})).server.length
  const closed = await startRoutes({ routes, admin: true })
  await startRoutes({ routes })
  expect((await channelz.getServers({})).server).toHaveLength(before + 1)
  await closed.drain()
  expect((await channelz.getServers({})).server).toHaveLength(before)
})

async function expectNotFound(call: Promise<unknown>): Promise<void> {
  await expect(call).rejects.toMatchObject({ code: Code.NotFound })
}

function ascending(ids: readonly bigint[]): bigint[] {
  return [...ids].sort((a, b) => Number(a - b))
}

function portOf(address: Address | undefined): number | undefined {
  return address?.address.case === 'tcpipAddress' ? address.address.value.port : undefined
}
