/** Servers that violate HTTP/1.1: calls to them fail, and no call gets the response of another. */
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { create, toBinary } from '@bufbuild/protobuf'
import { Code, type ConnectError, createClient } from '@connectrpc/connect'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createTransport } from '../../client/node/transport.ts'
import { GreeterService, PublishResponseSchema } from '../../gen/greeter/v1/greeter_pb.js'
import { flood, startHostileHttp1, startHostileServer } from '../support/hostile-server.ts'
import { openGreeter } from '../support/open-greeter.ts'

/** Attacks the received request. */
type Attack = (socket: Socket) => void

const HEAD = 'HTTP/1.1 200 OK\r\ncontent-type: application/proto\r\n'
const CHUNKED = `${HEAD}transfer-encoding: chunked\r\n\r\n`
const ANSWER = `${HEAD}content-length: 0\r\n\r\n`
const KILOBYTE = Buffer.alloc(1_024, 'y')
const FLOOD_KILOBYTES = 65_536
const MIB = 1_024 * 1_024

function connect(baseUrl: string, timeoutMs = 20_000) {
  return openGreeter({ baseUrl, protocol: 'connect', httpVersion: '1.1', defaultTimeoutMs: timeoutMs }).client
}

/** `OK`, or the code and the text of the error. */
function outcomeOf(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => 'OK',
    ({ code, rawMessage }: ConnectError) => `${Code[code]}: ${rawMessage}`,
  )
}

async function outcomeUnder(attack: Attack, timeoutMs?: number): Promise<string> {
  const server = await startHostileHttp1(attack)
  return await outcomeOf(connect(server.baseUrl, timeoutMs).publish({}))
}

/** A response that belongs to another request. */
function strangeAnswer(): Buffer {
  const body = toBinary(PublishResponseSchema, create(PublishResponseSchema, { sequence: 666n }))
  return Buffer.concat([Buffer.from(`${HEAD}content-length: ${body.byteLength}\r\n\r\n`), body])
}

describe('a response', () => {
  test.each<readonly [what: string, octets: string]>([
    ['in frames of HTTP/2', '\0\0\0\x04\0\0\0\0\0'],
    ['that is a request', 'GET / HTTP/1.1\r\nhost: x\r\n\r\n'],
    ['with the status 99', 'HTTP/1.1 99 x\r\n\r\n'],
    ['with the status 1000', 'HTTP/1.1 1000 x\r\n\r\n'],
    ['with a content-length and chunks', `${HEAD}content-length: 0\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`],
    ['with two content-lengths', `${HEAD}content-length: 0\r\ncontent-length: 5\r\n\r\n`],
    ['with a content-length below 0', `${HEAD}content-length: -1\r\n\r\n`],
    ['with a content-length that no number holds', `${HEAD}content-length: 99999999999999999999\r\n\r\n`],
    ['with NUL in a field', `${HEAD}x: a\0b\r\n\r\n`],
    ['with a field that goes on in the next line', `${HEAD}x: a\r\n b\r\n\r\n`],
    ['with bare line feeds', ANSWER.replaceAll('\r\n', '\n')],
    ['with chunks of no length', `${CHUNKED}zz\r\nabc\r\n`],
    ['with a chunk that no number measures', `${CHUNKED}ffffffffffffffffff\r\nabc`],
  ])('%s is INTERNAL, and says why', async (_what, octets) => {
    const outcome = await outcomeUnder((socket) => void socket.write(octets, 'latin1'))
    expect(outcome).toMatch(/^Internal: the call was cut off: Parse Error: /)
  })

  test.each<readonly [what: string, begin: string, repeated: string, outcome: RegExp]>([
    ['a status line', 'HTTP/1.1 200 ', 'y', /^ResourceExhausted: .*overflow/],
    ['a field', 'HTTP/1.1 200 OK\r\nx: ', 'y', /^ResourceExhausted: .*overflow/],
    ['fields', 'HTTP/1.1 200 OK\r\n', 'x: y\r\n', /^ResourceExhausted: .*overflow/],
    ['trailers', `${CHUNKED}0\r\n`, 'x: y\r\n', /^ResourceExhausted: .*overflow/],
    ['an extension of a chunk', `${CHUNKED}1;`, 'y', /^Internal: .*[Cc]hunk/],
    ['chunks', CHUNKED, `400\r\n${KILOBYTE.toString()}\r\n`, /^ResourceExhausted: .*4194304/],
  ])('that goes on with %s for ever ends the call, and uses no memory', async (_what, begin, repeated, outcome) => {
    const before = process.memoryUsage().arrayBuffers
    const times = Math.ceil((FLOOD_KILOBYTES * KILOBYTE.byteLength) / repeated.length)
    const attack: Attack = (socket) => {
      socket.write(begin)
      void flood(socket, Buffer.from(repeated), times)
    }
    expect(await outcomeUnder(attack)).toMatch(outcome)
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(32 * MIB)
  })

  test.each([
    ['100 Continue', 'HTTP/1.1 100 Continue\r\n\r\n'],
    ['103 Early Hints', 'HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n'],
  ])('that never gets beyond %s ends at the deadline', async (_what, octets) => {
    const attack: Attack = (socket) => void flood(socket, Buffer.from(octets), 100_000)
    expect(await outcomeUnder(attack, 300)).toBe('DeadlineExceeded: the deadline of 300 ms passed')
  })

  test('that switches protocols is UNAVAILABLE', async () => {
    const octets = 'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'
    expect(await outcomeUnder((socket) => void socket.write(octets))).toMatch(/^Unavailable: /)
  })
})

describe('unsolicited bytes', () => {
  test.each([
    ['another answer', strangeAnswer()],
    ['rubbish', Buffer.from('rubbish')],
  ])('right after a response, as %s, are not part of the next one', async (_what, octets) => {
    const server = await startHostileHttp1((socket, { index }) => {
      socket.write(index === 0 ? Buffer.concat([Buffer.from(ANSWER), octets]) : ANSWER)
    })
    const client = connect(server.baseUrl)
    await client.publish({})
    expect(await client.publish({})).toMatchObject({ sequence: 0n })
    expect(server.connections).toBe(2)
  })

  test('close an idle socket', async () => {
    const sockets: Socket[] = []
    const server = await startHostileHttp1((socket) => {
      sockets.push(socket)
      socket.write(ANSWER)
    })
    const client = connect(server.baseUrl)
    await client.publish({})
    const [first] = sockets
    if (first === undefined) throw new Error('there was a call')
    const ended = once(first, 'close')
    first.write(strangeAnswer())
    await ended
    expect(await client.publish({})).toMatchObject({ sequence: 0n })
  })

  test('before the first request are not taken for a response', async () => {
    const { promise: isSent, resolve } = Promise.withResolvers<void>()
    const server = await startHostileServer((socket) => {
      socket.write(strangeAnswer(), () => resolve())
      socket.on('data', () => socket.write(ANSWER))
    })
    const transport = createTransport({ baseUrl: server.baseUrl, protocol: 'connect', httpVersion: '1.1' })
    onTestFinished(() => transport.close())
    transport.connect()
    await isSent
    while (transport.getState() !== 'READY') await transport.watchState(transport.getState())
    await new Promise((done) => setImmediate(() => setImmediate(done)))
    const client = createClient(GreeterService, transport)
    expect(await client.publish({}, { timeoutMs: 20_000 })).toMatchObject({ sequence: 0n })
  })
})
