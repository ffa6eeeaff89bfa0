/** Many compressed messages in one read do not block the event loop, in any protocol. */
import { gzipSync } from 'node:zlib'
import { create, toBinary } from '@bufbuild/protobuf'
import { expect, onTestFinished, test } from 'vitest'
import { GreeterService, PutStreamRequestSchema } from '../../gen/greeter/v1/greeter_pb.js'
import { EnvelopeFlag, envelop } from '../../wire/envelope.ts'
import { FrameFlag, FrameType } from '../../wire/http2/frame.ts'
import { startNativeServer } from '../support/native-server.ts'
import { openRawCaller } from '../support/raw-caller.ts'
import { frame, headers, type RawFields } from '../support/raw-http2.ts'

/** Together, of both connections. */
const MESSAGES_PER_TURN = 16

const MESSAGES = 200

/** Tells turns of the event loop apart. */
function countTurns() {
  const state = { turn: 0, isOver: false }
  const next = () => {
    state.turn++
    if (!state.isOver) setImmediate(next)
  }
  setImmediate(next)
  onTestFinished(() => {
    state.isOver = true
  })
  return state
}

test.each([
  ['application/grpc', 'grpc-encoding'],
  ['application/grpc-web', 'grpc-encoding'],
  ['application/connect+proto', 'connect-content-encoding'],
])('%s: a stream handler gets a few in each turn, and two connections share them', async (type, encodingField) => {
  const clock = countTurns()
  const seen: { readonly topic: string; readonly turn: number }[] = []
  const server = await startNativeServer((router) =>
    router.service(GreeterService, {
      async putStream(messages) {
        for await (const { topic } of messages) seen.push({ topic, turn: clock.turn })
        return {}
      },
    }),
  )
  onTestFinished(server.close)
  const fields: RawFields = [
    [':method', 'POST'],
    [':scheme', 'http'],
    [':path', '/greeter.v1.GreeterService/PutStream'],
    [':authority', 'localhost'],
    ['content-type', type],
    [encodingField, 'gzip'],
  ]
  for (const topic of ['a', 'b']) {
    const peer = await openRawCaller(server.port)
    const message = gzipSync(toBinary(PutStreamRequestSchema, create(PutStreamRequestSchema, { topic })))
    const body = Buffer.concat(Array(MESSAGES).fill(envelop(EnvelopeFlag.COMPRESSED, message)))
    peer.raw(headers(1, fields), frame(FrameType.DATA, FrameFlag.END_STREAM, 1, body))
  }
  await expect.poll(() => server.ends.length).toBe(2)
  expect(seen).toHaveLength(2 * MESSAGES)
  const counts = new Map<number, number>()
  for (const { turn } of seen) counts.set(turn, (counts.get(turn) ?? 0) + 1)
  expect(Math.max(...counts.values())).toBeLessThanOrEqual(MESSAGES_PER_TURN)
})
