/** The reader of frames, however the octets are split. */
import { describe, expect, test } from 'vitest'
import { FrameReader, type FrameSink } from '../../../../wire/websocket/frame-reader.ts'
import { WebSocketError } from '../../../../wire/websocket/websocket-error.ts'
import { binary, clientFrame, close } from '../../../support/websocket/frames.ts'

/** Records what a reader passes on. */
class Recorder implements FrameSink {
  readonly events: string[] = []
  #message = ''

  onDataFrame(bytes: number, isFirst: boolean, isLast: boolean): void {
    this.events.push(`frame ${bytes}${isFirst ? ' first' : ''}${isLast ? ' last' : ''}`)
  }

  onPayload(chunk: Buffer, start: number, end: number): void {
    this.#message += chunk.toString('latin1', start, end)
  }

  onMessageEnd(): void {
    this.events.push(`message ${this.#message}`)
    this.#message = ''
  }

  onControl(opcode: number, payload: Buffer): void {
    this.events.push(`control ${opcode} ${payload.toString('latin1')}`)
  }
}

/** Reads octets in slices. */
function read(octets: Buffer, sliceBytes = octets.length): string[] {
  const recorder = new Recorder()
  const reader = new FrameReader(recorder)
  for (let at = 0; at < octets.length; at += sliceBytes) reader.read(Buffer.from(octets.subarray(at, at + sliceBytes)))
  return recorder.events
}

const MIXED = Buffer.concat([
  binary('whole'),
  clientFrame({ opcode: 2, payload: Buffer.from('in '), isLast: false }),
  clientFrame({ opcode: 9, payload: Buffer.from('ping') }),
  clientFrame({ opcode: 0, isLast: false }),
  clientFrame({ opcode: 0, payload: Buffer.from('parts') }),
  binary(),
  binary('x'.repeat(300)),
  binary('y'.repeat(70_000)),
  close(1000, 'done'),
])

test.each([1, 2, 3, 5, 7, 64, 1_000, MIXED.length])('slices of %i octets make no difference', (sliceBytes) => {
  expect(read(MIXED, sliceBytes)).toEqual([
    'frame 5 first last',
    'message whole',
    'frame 3 first',
    'control 9 ping',
    'frame 0',
    'frame 5 last',
    'message in parts',
    'frame 0 first last',
    'message ',
    'frame 300 first last',
    `message ${'x'.repeat(300)}`,
    'frame 70000 first last',
    `message ${'y'.repeat(70_000)}`,
    'control 8 \x03\xe8done',
  ])
})

describe('what is not allowed', () => {
  test.each<[string, number, Buffer]>([
    ['no mask', 1002, clientFrame({ opcode: 2, isMasked: false })],
    ['reserved bits', 1002, clientFrame({ opcode: 2, reserved: 1 })],
    ['a reserved opcode', 1002, clientFrame({ opcode: 7 })],
    ['a reserved control opcode', 1002, clientFrame({ opcode: 15 })],
    ['text', 1003, clientFrame({ opcode: 1 })],
    ['a long form of a short length', 1002, clientFrame({ opcode: 2, length: 125, lengthBytes: 2 })],
    ['a longer form of a length', 1002, clientFrame({ opcode: 2, length: 65_535, lengthBytes: 8 })],
    ['64 bits', 1002, clientFrame({ opcode: 2, length: 2n ** 63n })],
    ['54 bits', 1009, clientFrame({ opcode: 2, length: 2n ** 53n })],
    ['a fragmented control frame', 1002, clientFrame({ opcode: 9, isLast: false })],
    ['a long control frame', 1002, clientFrame({ opcode: 9, payload: Buffer.alloc(126) })],
    ['a continuation of nothing', 1002, clientFrame({ opcode: 0 })],
  ])('%s', (_what, code, octets) => {
    for (const sliceBytes of [1, octets.length]) {
      expect(() => read(octets, sliceBytes)).toThrow(expect.objectContaining({ code }))
    }
    expect(() => read(octets)).toThrow(WebSocketError)
  })

  test('is found as soon as the octets that show it are there', () => {
    expect(() => read(clientFrame({ opcode: 3, payload: Buffer.alloc(100) }).subarray(0, 2))).toThrow(WebSocketError)
  })
})

test('the largest length is passed on without allocating it', () => {
  const octets = clientFrame({ opcode: 2, length: 2n ** 53n - 1n, payload: Buffer.from('begin') })
  expect(read(octets)).toEqual([`frame ${2 ** 53 - 1} first last`])
})

test('a reader that is stopped ignores the rest of its chunk', () => {
  const recorder = new Recorder()
  const reader: FrameReader = new FrameReader({
    onDataFrame: (...given) => recorder.onDataFrame(...given),
    onPayload: (...given) => recorder.onPayload(...given),
    onMessageEnd: () => recorder.onMessageEnd(),
    onControl(opcode, payload) {
      recorder.onControl(opcode, payload)
      reader.stop()
    },
  })
  reader.read(Buffer.concat([close(1000), binary('more'), clientFrame({ opcode: 3 })]))
  reader.read(binary('and more'))
  expect(recorder.events).toEqual(['control 8 \x03\xe8'])
})
