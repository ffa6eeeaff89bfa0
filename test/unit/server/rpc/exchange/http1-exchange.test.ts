import { createServer } from 'node:http'
import { expect, test } from 'vitest'
import type { Http1Exchange } from '../../../../../server/rpc/exchange/http1-exchange.ts'
import { NodeHead } from '../../../../../server/rpc/exchange/node-request.ts'
import { ResponseBlock } from '../../../../../server/rpc/exchange/response-block.ts'
import { listenRaw } from '../../../../support/listen-raw.ts'
import { RawSocket } from '../../../../support/raw-socket.ts'
import { connectTo, OK, type Owner, serve } from '../../../../support/served-exchanges.ts'

const TRAILERS = ResponseBlock.once(0, [{ name: 'grpc-status', value: '0' }])

test.each([
  ['', 0, 0],
  ['', -1, -1],
  ['Content-Length: 5\r\n', 0, 5],
  ['Transfer-Encoding: chunked\r\n', 0, -1],
] as const)(
  'with %j, and %i bytes if none are announced, the body has %i bytes',
  async (field, unannounced, length) => {
    const lengths: number[] = []
    const server = createServer((request, response) => {
      lengths.push(new NodeHead(request, unannounced).contentLength)
      response.end('fine')
    })
    const socket = await RawSocket.open({ port: await listenRaw(server) })
    socket.write(`POST / HTTP/1.1\r\nHost: here\r\n${field}\r\n`)
    await socket.untilText('fine')
    expect(lengths).toEqual([length])
  },
)

test('the head has method, path, authority and fields in lower case and in order', async () => {
  const seen: Http1Exchange[] = []
  const socket = await connectTo(
    await serve(({ exchange }) => {
      seen.push(exchange)
      exchange.reply(OK, Buffer.from('fine'), null)
    }),
  )
  socket.write('POST /a.B/C?x=1 HTTP/1.1\r\nHost: here:80\r\nX-Two: b\r\nX-Two: a\r\nContent-Length: 0\r\n\r\n')
  await socket.untilText('fine')
  const head = seen[0]?.head
  expect(head).toMatchObject({ method: 'POST', path: '/a.B/C?x=1', authority: 'here:80', verdict: 'fine' })
  expect(head?.fields.map(({ name, value }) => `${name}=${value}`)).toEqual([
    'host=here:80',
    'x-two=b',
    'x-two=a',
    'content-length=0',
  ])
  expect(head?.get('x-two')).toBe('b')
  expect(head?.get('x-three')).toBeUndefined()
})

test('a response without trailers states its length, and the connection serves the next request', async () => {
  const socket = await connectTo(
    await serve(async (owner) => {
      const body = await owner.body()
      owner.exchange.reply(OK, Buffer.from(`got ${body}`), null)
    }),
  )
  socket.write('POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\n\r\none')
  await socket.untilText('got one')
  expect(socket.text).toContain('content-length: 7\r\n')
  expect(socket.text).not.toMatch(/transfer-encoding/i)
  socket.write('POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n3\r\ntwo\r\n0\r\n\r\n')
  await socket.untilText('got two')
})

test('a response with trailers is chunked, with the trailers at the end', async () => {
  const socket = await connectTo(await serve(({ exchange }) => exchange.reply(OK, Buffer.from('message'), TRAILERS)))
  socket.write('POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n')
  await socket.untilText('0\r\ngrpc-status: 0\r\n\r\n')
  expect(socket.text).toContain('7\r\nmessage\r\n')
})

test('a response without a body states no length', async () => {
  const socket = await connectTo(
    await serve(({ exchange }) => exchange.reply(ResponseBlock.once(204, []), new Uint8Array(0), null)),
  )
  socket.write('OPTIONS / HTTP/1.1\r\nhost: a\r\n\r\n')
  await socket.untilText('\r\n\r\n')
  expect(socket.text).toMatch(/^HTTP\/1.1 204 /)
  expect(socket.text).not.toMatch(/content-length|transfer-encoding/i)
})

test('headers are sent before the first piece, and end the response if there is none', async () => {
  const owners: Owner[] = []
  const socket = await connectTo(
    await serve((owner) => {
      owners.push(owner)
      owner.exchange.respond(OK, owners.length === 2)
    }),
  )
  socket.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n')
  await socket.untilText('\r\n\r\n')
  expect(socket.text).toContain('Transfer-Encoding: chunked')
  owners[0]?.exchange.write(Buffer.from('piece'))
  owners[0]?.exchange.endWithTrailers(TRAILERS)
  await socket.untilText('grpc-status: 0')
  socket.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n')
  await socket.untilText('content-length: 0\r\n')
})

test('a body is pulled piece by piece, and backpressure holds the peer', async () => {
  const owners: Owner[] = []
  const socket = await connectTo(await serve((owner) => owners.push(owner)))
  const total = 4 * 1_048_576
  socket.write(`POST / HTTP/1.1\r\nhost: a\r\ncontent-length: ${total}\r\n\r\n`)
  socket.write(Buffer.alloc(total, 'x'))
  while (owners.length === 0) await new Promise(setImmediate)
  const owner = owners[0] as Owner
  const { exchange } = owner
  if (!exchange.want(5)) await owner.until(() => owner.readable === 1)
  expect(exchange.readableBytes).toBeGreaterThanOrEqual(5)
  expect(exchange.readableBytes).toBeLessThan(262_144)
  expect(exchange.byteAt(4)).toBe('x'.charCodeAt(0))
  expect(exchange.read(5).toString()).toBe('xxxxx')
  expect(exchange.isPeerDone).toBe(false)
  expect((await owner.body()).length).toBe(total - 5)
  expect(exchange.isPeerDone).toBe(true)
  expect(exchange.want(1)).toBe(true)
})

test('a write that fills the buffers returns false, and is followed by one onWritable', async () => {
  const owners: Owner[] = []
  const socket = await connectTo(await serve((owner) => owners.push(owner)))
  socket.socket.pause()
  socket.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n')
  while (owners.length === 0) await new Promise(setImmediate)
  const owner = owners[0] as Owner
  owner.exchange.respond(OK)
  const piece = Buffer.alloc(65_536)
  while (owner.exchange.write(piece));
  owner.exchange.write(piece)
  expect(owner.writable).toBe(0)
  socket.socket.resume()
  await owner.until(() => owner.writable > 0)
  owner.exchange.end(Buffer.from('the end'))
  await socket.untilText('the end\r\n0\r\n\r\n')
  expect(owner.writable).toBe(1)
  expect(owner.resets).toEqual([])
})

test.each([
  ['before its body is whole', 'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\nhalf'],
  ['while it waits for the answer', 'GET / HTTP/1.1\r\nhost: a\r\n\r\n'],
])('a client that disconnects %s resets the exchange once', async (_when, bytes) => {
  const owners: Owner[] = []
  const socket = await connectTo(await serve((owner) => owners.push(owner)))
  socket.write(bytes)
  while (owners.length === 0) await new Promise(setImmediate)
  const owner = owners[0] as Owner
  owner.exchange.want(1_000)
  socket.socket.destroy()
  await owner.until(() => owner.resets.length > 0)
  expect(owner.resets).toEqual([{ code: 8, source: 'peer', reason: 'the client closed the connection' }])
  expect(owner.exchange.want(1)).toBe(false)
  owner.exchange.reply(OK, Buffer.from('nobody'), null)
})

test('a pipelined request is notified when the client disconnects', async () => {
  const owners: Owner[] = []
  const socket = await connectTo(await serve((owner) => owners.push(owner)))
  socket.write('GET /1 HTTP/1.1\r\nhost: a\r\n\r\nGET /2 HTTP/1.1\r\nhost: a\r\n\r\n')
  while (owners.length < 2) await new Promise(setImmediate)
  socket.socket.destroy()
  for (const owner of owners) await owner.until(() => owner.resets.length === 1)
})

test('a reset by the owner cuts the connection and is not reported back', async () => {
  const owners: Owner[] = []
  const socket = await connectTo(
    await serve((owner) => {
      owners.push(owner)
      owner.exchange.reset(2)
    }),
  )
  socket.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n')
  await socket.closed
  expect(socket.text).toBe('')
  expect(owners[0]?.resets).toEqual([])
})

test('100 Continue is sent when the body is first read', async () => {
  const owners: Owner[] = []
  const served = await serve((owner) => owners.push(owner), { continues: true })
  const socket = await connectTo(served)
  socket.write('POST / HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n')
  while (owners.length === 0) await new Promise(setImmediate)
  const owner = owners[0] as Owner
  const body = owner.body()
  await socket.untilText('100 Continue')
  socket.write('hi')
  expect(await body).toBe('hi')
  owner.exchange.reply(OK, Buffer.from('done'), null)
  await socket.untilText('done')
  expect(socket.text).not.toContain('connection: close')
})

test('a response without 100 Continue closes the connection, since the body may never arrive', async () => {
  const socket = await connectTo(
    await serve(({ exchange }) => exchange.reply(OK, Buffer.from('no need'), null), { continues: true }),
  )
  socket.write('POST / HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n')
  await socket.closed
  expect(socket.text).toMatch(/^HTTP\/1.1 200 /)
  expect(socket.text).toContain('connection: close')
  expect(socket.text).toContain('no need')
})

test('the rest of a short body is dropped after an early response, and the connection stays open', async () => {
  let requests = 0
  const socket = await connectTo(
    await serve(({ exchange }) => exchange.reply(OK, Buffer.from(`early ${++requests}`), null)),
  )
  socket.write('POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 6\r\n\r\nabc')
  await socket.untilText('early 1')
  socket.write('def')
  socket.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n')
  await socket.untilText('early 2')
})

test.each([
  ['long', 'content-length: 100000000'],
  ['of unknown length', 'transfer-encoding: chunked'],
])('after an early response to a body %s the connection closes, once the response was read', async (_what, field) => {
  const socket = await connectTo(await serve(({ exchange }) => exchange.reply(OK, Buffer.from('early'), null)))
  socket.write(`POST / HTTP/1.1\r\nhost: a\r\n${field}\r\n\r\n`)
  // Unread bytes: a plain close would make the kernel reset the connection.
  for (let piece = 0; piece < 8; piece++) socket.write(`4000\r\n${'x'.repeat(16_384)}\r\n`)
  await socket.untilText('early')
  expect(socket.text).toContain('connection: close')
  await socket.closed
})

test('a stream that ends before its request does closes the connection after the response', async () => {
  const socket = await connectTo(
    await serve(({ exchange }) => {
      exchange.respond(OK)
      exchange.end(Buffer.from('enough'))
    }),
  )
  socket.write('POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n')
  await socket.untilText('enough\r\n0\r\n\r\n')
  await socket.closed
})
