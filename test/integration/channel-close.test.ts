import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { Code, createClient } from '@connectrpc/connect'
import { expect, onTestFinished, test } from 'vitest'
import { createTransport } from '../../client/node/transport.ts'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import { ErrorCode } from '../../wire/http2/errors.ts'
import { FrameFlag, FrameType } from '../../wire/http2/frame.ts'
import { RawPeer } from '../support/raw-http2.ts'

const CLOSED = { code: Code.Canceled, rawMessage: 'the transport was closed' }
const RETRIES = {
  maxAttempts: 5,
  initialBackoff: '60s',
  maxBackoff: '60s',
  backoffMultiplier: 1,
  retryableStatusCodes: ['UNAVAILABLE', 'CANCELLED'],
}

async function listen() {
  const server = createServer({ allowHalfOpen: true })
  const accepted = once(server, 'connection') as Promise<[Socket]>
  await once(server.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())))
  const { port } = server.address() as AddressInfo
  return { port, accepted }
}

function connect(port: number) {
  const transport = createTransport({
    target: `ipv4:127.0.0.1:${port}`,
    serviceConfig: { methodConfig: [{ name: [{}], retryPolicy: RETRIES }] },
  })
  return { transport, greeter: createClient(GreeterService, transport) }
}

test('the server sees its streams cancelled, then GOAWAY with NO_ERROR', async () => {
  const { port, accepted } = await listen()
  const { transport, greeter } = connect(port)
  const calls = Promise.allSettled([greeter.sayHello({}), greeter.sayHello({}), greeter.sayHello({})])
  const [socket] = await accepted
  const peer = new RawPeer(socket, true)
  peer.hello({ isClient: false })
  await peer.frame(({ type }) => type === FrameType.DATA, 3)
  const closing = transport.close()
  await peer.ended()
  peer.close()
  await closing
  for (const call of await calls) expect(call).toMatchObject({ status: 'rejected', reason: CLOSED })
  const last = peer.frames.filter(({ type }) => type === FrameType.RST_STREAM || type === FrameType.GOAWAY)
  const [first, second, third, ...leaving] = last.map(({ type, streamId, payload }) => {
    return { streamId, code: payload.readUInt32BE(type === FrameType.GOAWAY ? 4 : 0) }
  })
  expect([first, second, third]).toEqual([1, 3, 5].map((streamId) => ({ streamId, code: ErrorCode.CANCEL })))
  expect(leaving[0]).toEqual({ streamId: 0, code: ErrorCode.NO_ERROR })
  expect(new Set(leaving.map(({ code }) => code))).toEqual(new Set([ErrorCode.NO_ERROR]))
})

test('a second close() waits for the first one to finish', async () => {
  const { port, accepted } = await listen()
  const { transport } = connect(port)
  transport.connect()
  const [socket] = await accepted
  const peer = new RawPeer(socket, true)
  peer.hello({ isClient: false })
  await transport.watchState('CONNECTING')
  const closings = [transport.close(), transport.close(), transport[Symbol.asyncDispose]()]
  await peer.ended()
  peer.close()
  await Promise.all(closings)
  await transport.close()
  transport.connect()
  expect(transport.getState(true)).toBe('SHUTDOWN')
})

test('calls waiting for their next attempt end, and later calls fail', async () => {
  const { port, accepted } = await listen()
  const { transport, greeter } = connect(port)
  const failed = expect(greeter.sayHello({})).rejects.toMatchObject(CLOSED)
  const [socket] = await accepted
  const peer = new RawPeer(socket, true)
  peer.hello({ isClient: false })
  const { streamId } = await peer.frame(({ type }) => type === FrameType.DATA)
  peer.headers(
    streamId,
    [
      [':status', '200'],
      ['content-type', 'application/grpc'],
      ['grpc-status', String(Code.Unavailable)],
    ],
    FrameFlag.END_STREAM | FrameFlag.END_HEADERS,
  )
  await peer.settled()
  const closing = transport.close()
  await failed
  await peer.ended()
  peer.close()
  await closing
  await expect(greeter.sayHello({})).rejects.toMatchObject(CLOSED)
})
