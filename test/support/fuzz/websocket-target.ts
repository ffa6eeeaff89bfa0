/** A fuzz target for WebSocket: frames, and what a connection makes of them. */
import assert from 'node:assert/strict'
import { FrameReader } from '../../../wire/websocket/frame-reader.ts'
import { WebSocketError } from '../../../wire/websocket/websocket-error.ts'
import { binary, clientFrame, close } from '../websocket/frames.ts'
import type { FuzzTarget } from './fuzz-target.ts'

const CONNECTION = Buffer.concat([
  binary('content-type: application/grpc-web\r\n'),
  clientFrame({ opcode: 2, payload: Buffer.from([0, 0, 0, 0]), isLast: false }),
  clientFrame({ opcode: 9, payload: Buffer.from('ping') }),
  clientFrame({ opcode: 0, payload: Buffer.from([0, 3, 1, 2, 3]) }),
  binary('x'.repeat(200)),
  binary(1),
  clientFrame({ opcode: 10 }),
  close(1000, 'done'),
])

/** Reads an input whole and in halves, which must make no difference. */
export const websocketFrames: FuzzTarget = {
  name: 'websocket frames',
  corpus: [CONNECTION, clientFrame({ opcode: 2, length: 2n ** 40n, payload: Buffer.alloc(20) })],
  stepsPerOctet: 2,
  run(input) {
    const whole = read([input])
    const half = input.length >> 1
    const halves = read([input.subarray(0, half), input.subarray(half)])
    assert.deepEqual(halves.payload, whole.payload)
    assert.deepEqual(halves.end, whole.end)
    assert(whole.payload.length <= input.length)
    return whole.steps
  },
}

/** Chunks are copied, because they are unmasked in place. */
function read(chunks: readonly Buffer[]): { steps: number; payload: Buffer; end: number } {
  let steps = 0
  const payload: Buffer[] = []
  const reader = new FrameReader({
    onDataFrame(bytes) {
      assert(Number.isSafeInteger(bytes) && bytes >= 0)
      steps++
    },
    onPayload(chunk, start, end) {
      assert(start <= end && end <= chunk.length)
      steps++
      payload.push(Buffer.from(chunk.subarray(start, end)))
    },
    onMessageEnd() {
      steps++
    },
    onControl(_opcode, octets) {
      assert(octets.length <= 125)
      steps++
      payload.push(octets)
    },
  })
  let end = 0
  try {
    for (const chunk of chunks) reader.read(Buffer.from(chunk))
  } catch (error) {
    if (!(error instanceof WebSocketError)) throw error
    end = error.code
  }
  return { steps, payload: Buffer.concat(payload), end }
}
