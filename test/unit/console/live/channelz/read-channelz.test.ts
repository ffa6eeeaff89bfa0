import { Code, ConnectError, createClient, createRouterTransport } from '@connectrpc/connect'
import { expect, it } from 'vitest'
import { countersOf } from '../../../../../console/app/live/channelz/channelz-counters.ts'
import { placeOf } from '../../../../../console/app/live/channelz/channelz-place.ts'
import { readChannelz } from '../../../../../console/app/live/channelz/read-channelz.ts'
import { Channelz } from '../../../../../gen/channelz_pb.js'

/** A server with many entities; socket 3 is gone. */
function client(servers: number, sockets: number) {
  const ids = (count: number) => Array.from({ length: count }, (_, index) => BigInt(index + 1))
  let calls = 0
  let most = 0
  const transport = createRouterTransport(({ service }) => {
    service(Channelz, {
      getServers: ({ startServerId }) => {
        const left = ids(servers).filter((id) => id >= startServerId)
        return {
          server: left.slice(0, 2).map((serverId) => ({ ref: { serverId }, data: { callsStarted: serverId * 10n } })),
          end: left.length <= 2,
        }
      },
      getTopChannels: () => ({ end: true }),
      getServer: ({ serverId }) => ({ server: { ref: { serverId } } }),
      getServerSockets: ({ startSocketId, maxResults }) => {
        const left = ids(sockets).filter((id) => id >= startSocketId)
        const page = left.slice(0, Number(maxResults))
        return { socketRef: page.map((socketId) => ({ socketId })), end: page.length === left.length }
      },
      async getSocket({ socketId }) {
        calls += 1
        most = Math.max(most, calls)
        await new Promise((resolve) => setTimeout(resolve, 1))
        calls -= 1
        if (socketId === 3n) throw new ConnectError('gone', Code.NotFound)
        if (socketId === 99n) throw new ConnectError('no', Code.PermissionDenied)
        return { socket: { ref: { socketId }, data: { streamsStarted: socketId } } }
      },
    })
  })
  return { client: createClient(Channelz, transport), mostAtOnce: () => most }
}

const NEVER = new AbortController().signal

it('reads all pages of servers, a bounded number', async () => {
  const page = await readChannelz(client(5, 0).client, { kind: 'overview' }, NEVER)
  expect(countersOf(page)).toEqual([1, 2, 3, 4, 5].map((id) => [`grpc.channelz.v1.Server ${id}`, BigInt(id * 10)]))
  const many = await readChannelz(client(1_000, 0).client, { kind: 'overview' }, NEVER)
  expect(many).toMatchObject({ servers: { length: 10 } })
})

it('reads a page of sockets, a few at once, without those that are gone', async () => {
  const { client: reader, mostAtOnce } = client(1, 60)
  const page = await readChannelz(reader, { kind: 'server', id: 1n, startId: 0n }, NEVER)
  if (page.kind !== 'server') throw new Error('another page')
  expect(page.sockets.map(({ ref }) => ref?.socketId)).toEqual(
    [1, 2, ...Array.from({ length: 22 }, (_, index) => index + 4)].map(BigInt),
  )
  expect(page.nextId).toBe(26n)
  expect(mostAtOnce()).toBeLessThanOrEqual(4)
  const last = await readChannelz(reader, { kind: 'server', id: 1n, startId: 51n }, NEVER)
  expect(last).toMatchObject({ sockets: { length: 10 }, nextId: null })
})

it.each([
  [3n, Code.NotFound],
  [99n, Code.PermissionDenied],
])('fails as the server does: socket %s', async (id, code) => {
  await expect(readChannelz(client(1, 0).client, { kind: 'socket', id, startId: 0n }, NEVER)).rejects.toMatchObject({
    code,
  })
})

it('fails if one of several sockets is refused', async () => {
  await expect(
    readChannelz(client(1, 99).client, { kind: 'server', id: 1n, startId: 90n }, NEVER),
  ).rejects.toMatchObject({
    code: Code.PermissionDenied,
  })
})

it.each([
  ['socket/12', '', { kind: 'socket', id: 12n, startId: 0n }],
  ['server/1', 'start=7', { kind: 'server', id: 1n, startId: 7n }],
  ['server/1', 'start=x', { kind: 'server', id: 1n, startId: 0n }],
  ['', '', { kind: 'overview' }],
  ['socket/', '', { kind: 'overview' }],
  ['socket/-1', '', { kind: 'overview' }],
  ['socket/99999999999999999999', '', { kind: 'overview' }],
  ['toString/1', '', { kind: 'overview' }],
])('the route %s?%s is a place', (name, query, place) => {
  expect(placeOf(name, new URLSearchParams(query))).toEqual(place)
})
