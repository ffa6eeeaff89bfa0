/** A handler that reads its client's messages learns of the end of the call, however that comes. */
import { connect } from 'node:http2'
import { ConnectError } from '@connectrpc/connect'
import { expect, onTestFinished, test } from 'vitest'
import { GreeterService, type PutStreamRequest } from '../../gen/greeter/v1/greeter_pb.js'
import { callHead, callHeaders, endOf, envelope } from '../support/calls.ts'
import { startRoutes, testLane } from '../support/demo-server.ts'
import { readHttp2 } from '../support/exchange.ts'
import { encodeFrame, FRAME, PREFACE } from '../support/http2-frames.ts'
import { RawSocket } from '../support/raw-socket.ts'

const PUT_STREAM = '/greeter.v1.GreeterService/PutStream'
const MESSAGE = envelope(Buffer.from('0a0174120161', 'hex'))

/** Connect's lane takes the code from the reset. The native lane treats every reset as a cancellation. */
const FAULT = testLane === 'reference' ? '[internal]' : '[canceled]'

test.each([
  ['CANCEL', 0x8, '[canceled]'],
  ['INTERNAL_ERROR', 0x2, FAULT],
  ['FRAME_SIZE_ERROR', 0x6, FAULT],
])('P3 a reset with %s is an error to the handler, not the end of the input', async (_name, code, message) => {
  const { reading, ...server } = await startReader()
  const raw = await openByHand(server)
  const payload = Buffer.from([0, 0, 0, code])
  raw.write(encodeFrame({ type: FRAME.RST_STREAM, streamId: 1, payload }))
  expect(await reading).toContain(message)
})

test('P3 a broken connection is an error to the handler, not the end of the input', async () => {
  const { reading, ...server } = await startReader()
  const raw = await openByHand(server)
  raw.socket.destroy()
  expect(await reading).not.toBe('ended')
})

test('a half-close ends the input', async () => {
  const { reading, origin } = await startReader()
  const stream = openCall(origin)
  stream.end()
  expect(endOf('grpc', await readHttp2(stream)).code).toBe('ok')
  expect(await reading).toBe('ended')
})

test('the deadline ends a call whose handler is waiting for a message', async () => {
  const { reading, origin } = await startReader()
  const stream = openCall(origin, { 'grpc-timeout': '300m' })
  expect(endOf('grpc', await readHttp2(stream)).code).toBe('grpc-status 4')
  expect(await reading).toContain('[deadline_exceeded]')
})

/** Starts a server whose PutStream reports its first message, and how reading ended. */
async function startReader() {
  const begun = Promise.withResolvers<void>()
  const reading = Promise.withResolvers<string>()
  async function putStream(messages: AsyncIterable<PutStreamRequest>) {
    try {
      for await (const _message of messages) begun.resolve()
      reading.resolve('ended')
    } catch (error) {
      reading.resolve(ConnectError.from(error).message)
      throw error
    }
    return {}
  }
  const { port, origin } = await startRoutes({ routes: (router) => router.service(GreeterService, { putStream }) })
  return { port, origin, begun: begun.promise, reading: reading.promise }
}

/** Opens a call that no library tidies up: node:http2 sends a half-close before its resets. */
async function openByHand({ port, begun }: { port: number; begun: Promise<void> }): Promise<RawSocket> {
  const raw = await RawSocket.open({ port })
  const settings = encodeFrame({ type: FRAME.SETTINGS })
  const data = encodeFrame({ type: FRAME.DATA, streamId: 1, payload: MESSAGE })
  raw.write(Buffer.concat([PREFACE, settings, callHead(PUT_STREAM, 1), data]))
  await begun
  return raw
}

function openCall(origin: string, headers: Readonly<Record<string, string>> = {}) {
  const session = connect(origin)
  onTestFinished(() => session.destroy())
  const stream = session.request({ ':method': 'POST', ':path': PUT_STREAM, ...callHeaders('grpc'), ...headers })
  stream.write(MESSAGE)
  return stream
}
