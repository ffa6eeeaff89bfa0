import path from 'node:path'
import { type DescMessage, fromJson, type JsonValue } from '@bufbuild/protobuf'
import { Code, ConnectError } from '@connectrpc/connect'
import { describe, expect, test } from 'vitest'
import { ChannelRecord } from '../../../../../client/node/channelz/channel-record.ts'
import { Channelz } from '../../../../../client/node/channelz/channelz.ts'
import { SubchannelRecord } from '../../../../../client/node/channelz/subchannel-record.ts'
import { TimeLimit } from '../../../../../client/node/cli/connection/time-limit.ts'
import { FilePool } from '../../../../../client/node/cli/schema/file-pool.ts'
import { readProtoFiles } from '../../../../../client/node/cli/schema/proto-files.ts'
import type { SocketRecord } from '../../../../../client/node/contracts/socket-record.ts'
import { nextChannelzId } from '../../../../../wire/channelz/channelz-id.ts'
import type { SocketFacts } from '../../../../../wire/channelz/socket-facts.ts'
import { SessionStats } from '../../../../../wire/http2/session-stats.ts'
import { ManualClock } from '../../../../support/manual-clock.ts'

const ADDRESS = { host: '192.0.2.1', port: 80 }

function socketOf(facts: Partial<SocketFacts> = {}): SocketRecord & { isOpen: boolean } {
  return {
    id: nextChannelzId(),
    isOpen: true,
    facts: () => ({
      local: { host: '127.0.0.1', port: 50_000 },
      remote: ADDRESS,
      tls: null,
      openedAt: new Date(),
      openStreams: 0,
      maxStreams: 100,
      lastStreamAt: null,
      windows: { send: 1, receive: 2 },
      stats: new SessionStats(),
      ...facts,
    }),
  }
}

function enter(channelz: Channelz, target = 'dns:///a:1') {
  const record = new ChannelRecord(target)
  return { record, leave: channelz.enter(record, new ManualClock()) }
}

describe('CZ-1 pages of channels', () => {
  test('start at the given id, and say whether they are the last', () => {
    const channelz = new Channelz()
    const ids = Array.from({ length: 5 }, () => enter(channelz).record.id)
    const [, second = 0, third = 0] = ids
    const first = channelz.getTopChannels(0, 2)
    expect(first.channel.map(({ ref }) => ref.channelId)).toEqual(ids.slice(0, 2))
    expect(first.end).toBe(false)
    const rest = channelz.getTopChannels(second + 1, 3)
    expect(rest.channel.map(({ ref }) => ref.channelId)).toEqual(ids.slice(2))
    expect(rest.end).toBe(true)
    expect(channelz.getTopChannels(third, 1).channel[0]?.ref.channelId).toBe(third)
    expect(channelz.getTopChannels((ids.at(-1) ?? 0) + 1)).toEqual({ channel: [], end: true })
  })

  test('have at most a hundred channels, also when more are requested', () => {
    const channelz = new Channelz()
    const entered = Array.from({ length: 101 }, () => enter(channelz))
    for (const page of [channelz.getTopChannels(), channelz.getTopChannels(0, 1_000)]) {
      expect(page.channel).toHaveLength(100)
      expect(page.end).toBe(false)
    }
    entered[0]?.leave()
    expect(channelz.getTopChannels().end).toBe(true)
  })
})

test('CZ-4 ids are unique across kinds, and never reused', () => {
  const channelz = new Channelz()
  const seen = new Set<number>()
  for (let round = 0; round < 50; round++) {
    const { record, leave } = enter(channelz)
    const subchannel = new SubchannelRecord(ADDRESS)
    record.addSubchannel(subchannel)
    const socket = socketOf()
    subchannel.addSocket(socket)
    for (const id of [record.id, subchannel.id, socket.id]) {
      expect(seen.has(id)).toBe(false)
      seen.add(id)
    }
    expect(channelz.getChannel(record.id)?.subchannelRef).toEqual([
      { subchannelId: subchannel.id, name: '192.0.2.1:80' },
    ])
    expect(channelz.getSubchannel(subchannel.id)?.socketRef).toEqual([{ socketId: socket.id, name: '192.0.2.1:80' }])
    expect(channelz.getSocket(socket.id)?.ref.socketId).toBe(socket.id)
    expect(channelz.getSubchannel(record.id)).toBeUndefined()
    expect(channelz.getSocket(subchannel.id)).toBeUndefined()
    expect(channelz.getChannel(socket.id)).toBeUndefined()
    socket.isOpen = false
    expect(channelz.getSocket(socket.id)).toBeUndefined()
    subchannel.moveTo('SHUTDOWN')
    expect(channelz.getSubchannel(subchannel.id)).toBeUndefined()
    leave()
    expect(channelz.getChannel(record.id)).toBeUndefined()
  }
})

describe('a trace', () => {
  test('keeps thirty events and counts them all', () => {
    const { trace } = new SubchannelRecord(ADDRESS)
    for (let event = 1; event <= 100; event++) trace.add(`event ${event}`)
    expect(trace.count).toBe(100)
    expect(trace.events).toHaveLength(30)
    expect(trace.events[0]?.description).toBe('event 71')
  })

  test('records states, policies, name resolution and subchannels', () => {
    const record = new ChannelRecord('dns:///a:1')
    const endpoint = { addresses: [ADDRESS], attributes: {} }
    record.moveTo('CONNECTING')
    record.choosePolicy('round_robin')
    record.choosePolicy('round_robin')
    record.resolve({ endpoints: [endpoint] }, null)
    record.resolve({ endpoints: [endpoint, endpoint] }, null)
    record.resolve({ endpoints: new ConnectError('no such name', Code.Unavailable) }, null)
    const subchannel = new SubchannelRecord(ADDRESS)
    record.addSubchannel(subchannel)
    subchannel.moveTo('TRANSIENT_FAILURE', new ConnectError('refused', Code.Unavailable))
    subchannel.moveTo('SHUTDOWN')
    expect(record.trace.events.map(({ severity, description }) => `${severity} ${description}`)).toEqual([
      'CT_INFO the channel was made',
      'CT_INFO state is CONNECTING',
      'CT_INFO load balancing by round_robin',
      'CT_INFO endpoints that name resolution found: 1',
      'CT_WARNING name resolution: no such name',
      'CT_INFO subchannel to 192.0.2.1:80 was made',
      'CT_INFO subchannel to 192.0.2.1:80 was shut down',
    ])
    expect(subchannel.trace.events.map(({ severity, description }) => `${severity} ${description}`)).toEqual([
      'CT_WARNING state is TRANSIENT_FAILURE: refused',
      'CT_INFO state is SHUTDOWN',
    ])
  })
})

test('a watcher of a channel receives its states and those of its addresses, until it stops', () => {
  const record = new ChannelRecord('dns:///a:1')
  const heard: unknown[] = []
  const stop = record.watch(({ address, state, error }) => heard.push([address, state, error?.rawMessage]))
  const subchannel = new SubchannelRecord(ADDRESS)
  record.addSubchannel(subchannel)
  record.moveTo('CONNECTING')
  subchannel.moveTo('TRANSIENT_FAILURE', new ConnectError('refused', Code.Unavailable))
  subchannel.moveTo('IDLE')
  stop()
  record.moveTo('IDLE')
  expect(heard).toEqual([
    [null, 'CONNECTING', undefined],
    [ADDRESS, 'TRANSIENT_FAILURE', 'refused'],
    [ADDRESS, 'IDLE', undefined],
  ])
  expect(subchannel.lastError?.rawMessage).toBe('refused')
})

test.each<[SocketFacts['remote'], unknown]>([
  [ADDRESS, { tcpipAddress: { ipAddress: 'wAACAQ==', port: 80 } }],
  [{ host: '2001:db8::ff00:1', port: 1 }, { tcpipAddress: { ipAddress: 'IAENuAAAAAAAAAAA/wAAAQ==', port: 1 } }],
  [{ host: '::', port: 1 }, { tcpipAddress: { ipAddress: 'AAAAAAAAAAAAAAAAAAAAAA==', port: 1 } }],
  [{ host: 'fe80::1%eth0', port: 1 }, { tcpipAddress: { ipAddress: '/oAAAAAAAAAAAAAAAAAAAQ==', port: 1 } }],
  [{ host: '::ffff:192.0.2.1', port: 1 }, { tcpipAddress: { ipAddress: 'AAAAAAAAAAAAAP//wAACAQ==', port: 1 } }],
  [{ path: '/run/app.sock' }, { udsAddress: { filename: '/run/app.sock' } }],
  [{ host: 'a.example', port: 1 }, { otherAddress: { name: 'a.example:1' } }],
])('the address %j', (remote, expected) => {
  const channelz = new Channelz()
  const { record } = enter(channelz)
  const subchannel = new SubchannelRecord(ADDRESS)
  const socket = socketOf({ remote, local: null })
  record.addSubchannel(subchannel)
  subchannel.addSocket(socket)
  expect(channelz.getSocket(socket.id)).toMatchObject({ remote: expected })
  expect(channelz.getSocket(socket.id)).not.toHaveProperty('local')
})

test('everything conforms to the schema of grpc.channelz.v1', async () => {
  const channelz = new Channelz()
  const clock = new ManualClock()
  const record = new ChannelRecord('dns:///a:1')
  channelz.enter(record, clock)
  const subchannel = new SubchannelRecord(ADDRESS)
  const certificate = Uint8Array.of(1, 2, 3)
  const tls = { version: 'TLSv1.3', cipher: 'AES', localCertificate: null, remoteCertificate: certificate }
  const socket = socketOf({ tls, lastStreamAt: new Date() })
  record.addSubchannel(subchannel)
  record.calls.begin(clock.now())
  record.calls.end(true)
  subchannel.addSocket(socket)

  const registry = await channelzSchema()
  const read = (name: string, json: unknown) => {
    const schema = registry.getMessage(`grpc.channelz.v1.${name}`) as DescMessage
    return fromJson(schema, json as JsonValue) as unknown
  }
  expect(read('GetTopChannelsResponse', channelz.getTopChannels())).toMatchObject({
    end: true,
    channel: [
      { ref: { channelId: BigInt(record.id) }, data: { callsStarted: 1n, callsSucceeded: 1n, callsFailed: 0n } },
    ],
  })
  expect(read('Subchannel', channelz.getSubchannel(subchannel.id))).toMatchObject({
    socketRef: [{ socketId: BigInt(socket.id) }],
  })
  expect(read('Socket', channelz.getSocket(socket.id))).toMatchObject({
    data: { localFlowControlWindow: 1n, remoteFlowControlWindow: 2n },
    remote: { address: { case: 'tcpipAddress', value: { ipAddress: Uint8Array.of(192, 0, 2, 1), port: 80 } } },
    security: { model: { case: 'tls', value: { remoteCertificate: certificate } } },
  })
})

/** As @grpc/grpc-js carries it. */
async function channelzSchema() {
  const file = path.resolve(import.meta.dirname, '../../../../../node_modules/@grpc/grpc-js/proto/channelz.proto')
  const pool = new FilePool()
  const limit = new TimeLimit(undefined, new AbortController().signal)
  await readProtoFiles({ files: [file], importPaths: [path.dirname(file)], limit }, pool)
  return pool.registry
}
