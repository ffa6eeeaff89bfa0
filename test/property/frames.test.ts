/** The frame reader returns the same frames however its input is split, and the writer's output reads back. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ConnectionError } from '../../wire/http2/errors.ts'
import { FrameFlag, FrameType, PREFACE } from '../../wire/http2/frame.ts'
import { type FrameHandler, FrameReader } from '../../wire/http2/frame-reader.ts'
import { frame } from '../support/raw-http2.ts'

const RUNS = { seed: 20_260_722, numRuns: 300 }

/** Records its calls; pieces of a DATA frame are joined. */
class Log implements FrameHandler {
  readonly lines: string[] = []
  private data = ''

  onFrame(type: number, flags: number, streamId: number, buffer: Buffer, start: number, end: number): void {
    this.lines.push(`${type} ${flags} ${streamId} ${buffer.toString('hex', start, end)}`)
  }

  onDataHeader(flags: number, streamId: number, length: number): void {
    this.lines.push(`data ${flags} ${streamId} ${length}`)
    this.data = ''
  }

  onDataChunk(buffer: Buffer, start: number, end: number): void {
    expect(end).toBeGreaterThan(start)
    this.data += buffer.toString('hex', start, end)
  }

  onDataEnd(dataLength: number): void {
    expect(this.data).toHaveLength(dataLength * 2)
    this.lines.push(`end ${dataLength} ${this.data}`)
  }
}

const payload = fc.uint8Array({ maxLength: 300 }).map((octets) => Buffer.from(octets))
const other = fc
  .tuple(fc.integer({ min: 1, max: 255 }), fc.nat(255), fc.nat(0x7fffffff), payload)
  .map(([type, flags, id, octets]) => frame(type, flags, id, octets))
const data = fc
  .tuple(fc.boolean(), fc.nat(0x7fffffff), payload)
  .map(([ends, id, octets]) => frame(FrameType.DATA, ends ? 1 : 0, id, octets))
const padded = fc
  .tuple(fc.nat(0x7fffffff), payload, fc.nat(255))
  .map(([id, octets, pad]) =>
    frame(FrameType.DATA, FrameFlag.PADDED, id, Buffer.concat([Buffer.from([pad]), octets, Buffer.alloc(pad)])),
  )
const connection = fc.array(fc.oneof(other, data, padded), { maxLength: 12 }).map((frames) => Buffer.concat(frames))

function read(chunks: readonly Buffer[], expectsPreface = false): Log {
  const log = new Log()
  const reader = new FrameReader(log, 16_384, expectsPreface)
  for (const chunk of chunks) reader.read(chunk)
  return log
}

describe('frames', () => {
  test('the same frames result however the input is split', () => {
    fc.assert(
      fc.property(connection, fc.array(fc.nat(4_000), { maxLength: 8 }), (octets, cuts) => {
        const offsets = [0, ...cuts.map((cut) => cut % (octets.length + 1)).sort((a, b) => a - b), octets.length]
        const chunks = offsets.slice(1).map((end, i) => octets.subarray(offsets[i], end))
        expect(read(chunks).lines).toEqual(read([octets]).lines)
      }),
      RUNS,
    )
  })

  test('and byte by byte', () => {
    fc.assert(
      fc.property(connection, (octets) => {
        expect(read(Array.from(octets, (octet) => Buffer.from([octet]))).lines).toEqual(read([octets]).lines)
      }),
      { ...RUNS, numRuns: 100 },
    )
  })

  test('arbitrary bytes result in frames or in a connection error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2_000 }), (octets) => {
        try {
          read([Buffer.from(octets)])
        } catch (error) {
          expect(error).toBeInstanceOf(ConnectionError)
        }
      }),
      RUNS,
    )
  })

  test('a written frame is read back', () => {
    expect(read([frame(FrameType.PING, 1, 0, Buffer.from('12345678'))]).lines).toEqual(['6 1 0 3132333435363738'])
    expect(read([frame(FrameType.DATA, 1, 0x7fffffff, [1, 2])]).lines).toEqual(['data 1 2147483647 2', 'end 2 0102'])
  })

  test('ignores the reserved bit of a stream id', () => {
    const octets = frame(0x20, 0, 5)
    octets[5] = (octets[5] as number) | 0x80
    expect(read([octets]).lines).toEqual(['32 0 5 '])
  })

  test('padding is stripped and counted', () => {
    const octets = frame(FrameType.DATA, FrameFlag.PADDED, 1, [2, 7, 7, 0, 0])
    expect(read([octets]).lines).toEqual(['data 8 1 5', 'end 2 0707'])
  })

  test('skips a preface, split anywhere; a wrong one is rejected at its first wrong byte', () => {
    const ping = frame(FrameType.PING, 0, 0, Buffer.alloc(8))
    for (let at = 0; at <= PREFACE.length; at++) {
      const rest = Buffer.concat([PREFACE.subarray(at), ping])
      expect(read([PREFACE.subarray(0, at), rest], true).lines).toHaveLength(1)
    }
    expect(() => read([Buffer.from('PRI * HTTP/1')], true)).toThrow('bad connection preface')
  })

  test('rejects a frame above the limit at its header', () => {
    expect(() => read([frame(0x20, 0, 0, Buffer.alloc(16_385)).subarray(0, 9)])).toThrow('above MAX_FRAME_SIZE')
  })
})
