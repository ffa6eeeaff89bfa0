/** A response of HTTP/1.1 is read alike however it is split, and whether its pieces are text or octets. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { RecordedResponse } from '../support/recorded-response.ts'

const RUNS = { seed: 20_261_201, numRuns: 500 }

const name = fc.stringMatching(/^x-[a-z0-9-]{1,12}$/)
const value = fc.stringMatching(/^[!-~\u0080-\u00ff]([ -~\u0080-\u00ff]{0,20}[!-~\u0080-\u00ff])?$/)
const fields = fc.array(fc.tuple(name, value), { maxLength: 5 })
const body = fc.array(fc.uint8Array({ minLength: 1, maxLength: 60 }), { maxLength: 4 })
const framing = fc.constantFrom('length', 'chunked', 'open')

interface Model {
  readonly hints: [string, string][] | null
  readonly status: number
  readonly head: [string, string][]
  readonly body: Uint8Array[]
  readonly framing: string
  readonly trailers: [string, string][]
}

const model: fc.Arbitrary<Model> = fc.record({
  hints: fc.option(fields),
  status: fc.integer({ min: 200, max: 599 }).filter((status) => status !== 204 && status !== 304),
  head: fields,
  body,
  framing,
  trailers: fields,
})

test('any split yields the response that was written', () => {
  fc.assert(
    fc.property(
      model,
      fc.array(fc.nat(10_000), { maxLength: 12 }),
      fc.infiniteStream(fc.boolean()),
      (written, cuts, isText) => {
        const octets = encode(written)
        const pieces = split(octets, cuts).map((piece) => (isText.next().value ? piece.toString('latin1') : piece))
        const read = RecordedResponse.of(pieces)
        if (written.framing === 'open') read.finish()
        expect(read.isDone).toBe(true)
        expect(read.interim).toEqual(written.hints === null ? [] : [[103, written.hints]])
        expect(read.head).toEqual([[':status', String(written.status)], ...written.head, ...lengthOf(written)])
        expect(read.body.equals(Buffer.concat(written.body))).toBe(true)
        expect(read.trailers).toEqual(written.framing === 'chunked' ? written.trailers : [])
      },
    ),
    RUNS,
  )
})

function lengthOf({ framing, body }: Model): [string, string][] {
  return framing === 'length' ? [['content-length', String(Buffer.concat(body).length)]] : []
}

function encode(written: Model): Buffer {
  const { hints, status, head, framing, body, trailers } = written
  const coding: [string, string][] = framing === 'chunked' ? [['transfer-encoding', 'chunked']] : []
  const chunks = body.flatMap((piece) => [`${piece.length.toString(16)}\r\n`, piece, '\r\n'])
  return Buffer.concat(
    [
      hints === null ? '' : `HTTP/1.1 103 Early Hints\r\n${lines(hints)}\r\n`,
      `HTTP/1.1 ${status} Text\r\n${lines([...head, ...lengthOf(written), ...coding])}\r\n`,
      ...(framing === 'chunked' ? [...chunks, `0\r\n${lines(trailers)}\r\n`] : body),
    ].map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : part)),
  )
}

function lines(list: readonly (readonly [string, string])[]): string {
  return list.map(([name, value]) => `${name}: ${value}\r\n`).join('')
}

function split(octets: Buffer, cuts: readonly number[]): Buffer[] {
  const at = [0, ...cuts.map((cut) => cut % (octets.length + 1)).sort((a, b) => a - b), octets.length]
  return at.slice(1).map((end, index) => octets.subarray(at[index], end))
}
