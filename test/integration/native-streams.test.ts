import { once } from 'node:events'
import { type ClientHttp2Session, connect as connectHttp2, constants } from 'node:http2'
import { create, toBinary } from '@bufbuild/protobuf'
import { Code, type ServiceImpl } from '@connectrpc/connect'
import { expect, onTestFinished, test } from 'vitest'
import { GetStreamRequestSchema, GreeterService, PutStreamRequestSchema } from '../../gen/greeter/v1/greeter_pb.js'
import { envelope } from '../support/calls.ts'
import { readHttp2 } from '../support/exchange.ts'
import { type NativeServer, startNativeServer } from '../support/native-server.ts'

const GRPC = { ':method': 'POST', 'content-type': 'application/grpc', te: 'trailers' }
const GET = { ...GRPC, ':path': '/greeter.v1.GreeterService/GetStream' }
const PUT = { ...GRPC, ':path': '/greeter.v1.GreeterService/PutStream' }
const TINY = envelope(toBinary(PutStreamRequestSchema, create(PutStreamRequestSchema, {})))
const SUBSCRIBE = envelope(toBinary(GetStreamRequestSchema, create(GetStreamRequestSchema, {})))
const KIB = 1_024
const MILLION = 1_000_000

async function start(
  implementation: Partial<ServiceImpl<typeof GreeterService>>,
): Promise<{ server: NativeServer; client: ClientHttp2Session }> {
  const server = await startNativeServer((router) => router.service(GreeterService, implementation))
  onTestFinished(() => server.close())
  const client = connectHttp2(server.origin)
  client.on('error', () => {})
  onTestFinished(() => client.destroy())
  await once(client, 'connect')
  return { server, client }
}

function heldBytes({ sessions }: NativeServer): number {
  let held = 0
  for (const session of sessions) held += session.heldBytes
  return held
}

/** Waits for a PING ACK: everything sent before it has been processed. */
async function roundTrip(client: ClientHttp2Session): Promise<void> {
  const back = Promise.withResolvers<void>()
  client.ping((error) => (error === null ? back.resolve() : back.reject(error)))
  await back.promise
}

test('a million tiny messages to a sleeping handler wait at the client', async () => {
  const awake = Promise.withResolvers<void>()
  const { server, client } = await start({
    async putStream(messages) {
      await awake.promise
      let accepted = 0n
      for await (const _message of messages) accepted++
      return { accepted }
    },
  })
  const stream = client.request(PUT)
  const answer = readHttp2(stream)
  const chunk = Buffer.concat(Array.from({ length: 10_000 }, () => TINY))
  const isFull = Promise.withResolvers<void>()
  const sending = (async () => {
    for (let sent = 0; sent < MILLION; sent += 10_000) {
      if (stream.write(chunk)) continue
      isFull.resolve()
      await once(stream, 'drain')
    }
    stream.end()
  })()
  await isFull.promise
  for (let turn = 0; turn < 20; turn++) await roundTrip(client)
  expect(heldBytes(server)).toBeGreaterThan(64 * KIB)
  expect(heldBytes(server)).toBeLessThan(256 * KIB)
  awake.resolve()
  await sending
  const { body, trailers } = await answer
  expect(trailers['grpc-status']).toBe('0')
  expect([...body.subarray(5)]).toEqual([0x08, 0xc0, 0x84, 0x3d])
  expect(heldBytes(server)).toBe(0)
})

test('P3 a reset in the middle of a client stream throws in the handler', async () => {
  const thrown = Promise.withResolvers<unknown>()
  const begun = Promise.withResolvers<void>()
  const { server, client } = await start({
    async putStream(messages) {
      try {
        for await (const _message of messages) begun.resolve()
        thrown.resolve('an end')
      } catch (error) {
        thrown.resolve(error)
        throw error
      }
      return {}
    },
  })
  const stream = client.request(PUT)
  stream.on('error', () => {})
  stream.write(TINY)
  await begun.promise
  stream.close(constants.NGHTTP2_CANCEL)
  expect(await thrown.promise).toMatchObject({ code: Code.Canceled })
  await expect.poll(() => server.ends).toMatchObject([{ code: Code.Canceled }])
})

test('P4 a client that disconnects ends a stream whose service waits for the signal', async () => {
  const begun = Promise.withResolvers<void>()
  const ended = Promise.withResolvers<unknown>()
  const { client } = await start({
    async *getStream(_request, { signal }) {
      try {
        yield {}
        begun.resolve()
        await once(signal, 'abort')
      } finally {
        ended.resolve(signal.reason)
      }
    },
  })
  const stream = client.request(GET)
  stream.end(SUBSCRIBE)
  await begun.promise
  client.destroy()
  expect(await ended.promise).toMatchObject({ code: Code.Canceled })
})

test('a client that does not read holds the service back, within little memory', async () => {
  let yielded = 0
  const { client } = await start({
    async *getStream() {
      const data = 'x'.repeat(16 * KIB)
      for (; yielded < 10_000; yielded++) yield { data }
    },
  })
  const stream = client.request(GET)
  stream.on('error', () => {})
  stream.end(SUBSCRIBE)
  await once(stream, 'response')
  for (let turn = 0; turn < 20; turn++) await roundTrip(client)
  const before = yielded
  for (let turn = 0; turn < 20; turn++) await roundTrip(client)
  expect(yielded).toBe(before)
  expect(yielded).toBeLessThan(100)
  stream.resume()
  await once(stream, 'data')
  await expect.poll(() => yielded).toBeGreaterThan(before)
  stream.close(constants.NGHTTP2_CANCEL)
})

test('DL-1 a deadline ends a call whose handler ignores it', async () => {
  const never = Promise.withResolvers<object>()
  const { server, client } = await start({ putStream: () => never.promise })
  const stream = client.request({ ...PUT, 'grpc-timeout': '20m' })
  stream.write(TINY)
  const { headers } = await readHttp2(stream)
  expect(headers['grpc-status']).toBe(String(Code.DeadlineExceeded))
  expect(server.ends).toMatchObject([{ code: Code.DeadlineExceeded }])
  never.resolve({})
})

test('finished handlers free their slots, however their calls ended', async () => {
  let running = 0
  const { server, client } = await start({
    async putStream(messages) {
      running++
      try {
        for await (const _message of messages);
      } finally {
        running--
      }
      return {}
    },
  })
  for (let round = 0; round < 5; round++) {
    const streams = Array.from({ length: 60 }, () => client.request(PUT))
    for (const [i, stream] of streams.entries()) {
      stream.on('error', () => {})
      stream.resume()
      if (i % 2 === 0) stream.end(TINY)
      else stream.write(TINY, () => stream.close(constants.NGHTTP2_CANCEL))
    }
    await Promise.all(streams.map((stream) => once(stream, 'close')))
  }
  const { trailers } = await readHttp2(client.request(PUT).end(TINY))
  expect(trailers['grpc-status']).toBe('0')
  expect(running).toBe(0)
  expect(server.ends.length).toBeGreaterThan(150)
})
