/** Calls in all four modes over WebSockets on HTTP/1.1 and on HTTP/2 (RFC 8441), in cleartext and over TLS, octet by octet. */
import type { ClientHttp2Stream } from 'node:http2'
import { create, type DescMethod, fromBinary, toBinary } from '@bufbuild/protobuf'
import { describe, expect, test } from 'vitest'
import { GreeterService } from '../../../gen/greeter/v1/greeter_pb.js'
import { testCertificates } from '../../support/certificates.ts'
import { startRoutes } from '../../support/demo-server.ts'
import { echoRoutes } from '../../support/echo-greeter.ts'
import { BLOCK, CARRIERS, type CarrierName, FramePeer, openSession } from '../../support/websocket/frame-peer.ts'
import { binary, close, concat } from '../../support/websocket/frames.ts'

const { sayHello, getStream, putStream, allStream } = GreeterService.method

/** The messages of a call, and what of each answer is compared. */
const MODES: readonly (readonly [method: DescMethod, messages: readonly object[], answers: readonly object[]])[] = [
  [sayHello, [{ name: 'Ada' }], [{ message: 'Hello Ada' }]],
  [getStream, [{ topic: 't', limit: 2 }], [{ sequence: 0n }, { sequence: 1n }]],
  [putStream, [{ data: 'a' }, { data: 'b' }, { data: 'c' }], [{ accepted: 3n }]],
  [allStream, [{ data: 'a' }, { data: 'b' }], [{ data: 'A' }, { data: 'B' }]],
]

const WAYS = CARRIERS.flatMap((carrier) => [false, true].map((isSecure) => ({ carrier, isSecure })))

async function open(carrier: CarrierName, isSecure: boolean, method: DescMethod): Promise<FramePeer> {
  const { ca, server: tls } = await testCertificates()
  const { port } = await startRoutes({ lane: 'native', routes: echoRoutes, ...(isSecure && { listen: { tls } }) })
  return FramePeer.open(carrier, { port, path: pathOf(method), ...(isSecure && { ca }) })
}

describe.each(WAYS)('$carrier, TLS: $isSecure', ({ carrier, isSecure }) => {
  test.each(MODES.map(([method, ...rest]) => [method.name, method, ...rest] as const))(
    '%s',
    async (_name, method, messages, answers) => {
      const peer = await open(carrier, isSecure, method)
      peer.write(BLOCK, ...messages.map((message) => binary(0, envelope(method, message))), binary(1))
      await expectAnswer(peer, method, answers)
    },
  )

  test('octet by octet', async () => {
    const [method, messages, answers] = MODES[3] as (typeof MODES)[3]
    const peer = await open(carrier, isSecure, method)
    await peer.writeApart(
      concat([BLOCK, ...messages.map((message) => binary(0, envelope(method, message))), binary(1)]),
    )
    await expectAnswer(peer, method, answers)
  })

  test('envelopes split over messages, and messages with several envelopes', async () => {
    const peer = await open(carrier, isSecure, allStream)
    const body = concat(['a', 'b', 'c'].map((data) => envelope(allStream, { topic: 'topic', data })))
    peer.write(BLOCK, binary(0, body.subarray(0, 3)), binary(0, body.subarray(3, 17)), binary(0, body.subarray(17)))
    peer.write(binary(1))
    await expectAnswer(peer, allStream, [{ data: 'A' }, { data: 'B' }, { data: 'C' }])
  })
})

test.each(CARRIERS)('what follows the handshake in the same packet is read: %s', async (carrier) => {
  const peer = await open(carrier, false, sayHello)
  expect(peer.status).toBe(carrier === 'HTTP/2' ? 200 : 101)
  expect(peer.head).toContain('grpc-websockets')
  if (carrier === 'HTTP/2') expect(peer.head).not.toMatch(/upgrade|sec-websocket-accept/)
  else expect(peer.head).toMatch(/sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=/)
  expect(peer.head).not.toContain('sec-websocket-extensions')
})

test.each(CARRIERS)('a close with the end of the connection behind it is answered: %s', async (carrier) => {
  const peer = await open(carrier, false, allStream)
  peer.write(BLOCK)
  peer.stream.end(close(1001))
  await peer.ended
  expect(peer.closeCode).toBe(1001)
  if (carrier === 'HTTP/2') expect((peer.stream as ClientHttp2Stream).rstCode).toBe(0)
})

test('a hundred WebSockets share a connection of HTTP/2 with other calls', async () => {
  const { port } = await startRoutes({ lane: 'native', routes: echoRoutes, listen: { maxConcurrentStreams: 200 } })
  const session = await openSession({ port })
  const peers = await Promise.all(
    Array.from({ length: 100 }, () => FramePeer.onStream({ port, path: pathOf(allStream) }, session)),
  )
  for (const [at, peer] of peers.entries()) peer.write(BLOCK, binary(0, envelope(allStream, { data: `m${at}` })))
  await Promise.all(peers.map((peer) => peer.until(() => peer.answer.messages.length === 1)))
  for (const peer of peers) peer.write(binary(1))
  await Promise.all(peers.map((peer) => peer.until(() => peer.closeCode === 1000)))
  for (const [at, peer] of peers.entries()) {
    expect(decoded(peer, allStream)).toMatchObject([{ data: `M${at}` }])
    peer.write(close(1000))
  }
  await Promise.all(peers.map((peer) => peer.ended))
})

async function expectAnswer(peer: FramePeer, method: DescMethod, answers: readonly object[]): Promise<void> {
  await peer.until(() => peer.closeCode !== undefined)
  expect(peer.closeCode).toBe(1000)
  expect(peer.answer.headers.get('content-type')).toBe('application/grpc-web+proto')
  expect(decoded(peer, method)).toMatchObject(answers)
  expect(peer.answer.trailers?.get('grpc-status')).toBe('0')
  peer.write(close(1000))
  await peer.ended
}

function decoded(peer: FramePeer, method: DescMethod): object[] {
  return peer.answer.messages.map((data) => fromBinary(method.output, data))
}

function envelope({ input }: DescMethod, message: object): Buffer {
  const data = toBinary(input, create(input, { ...message }))
  return concat([0, 0, 0, data.length >> 8, data.length & 0xff, data])
}

function pathOf({ parent, name }: DescMethod): string {
  return `/${parent.typeName}/${name}`
}
