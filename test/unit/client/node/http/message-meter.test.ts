import { Buffer } from 'node:buffer'
import { expect, test } from 'vitest'
import { MessageMeter } from '../../../../../client/node/http/message-meter.ts'
import type { AttemptTrace } from '../../../../../client/node/rpc/call-observer.ts'
import { EnvelopeFlag, envelop } from '../../../../../wire/envelope.ts'

const { NONE, COMPRESSED, END_STREAM, TRAILERS } = EnvelopeFlag
const GZIP = new Headers({ 'content-encoding': 'gzip' })

function meter(isEnveloped: boolean) {
  const told: string[] = []
  const trace: AttemptTrace = {
    fields: [],
    onPicked() {},
    onSent: (...bytes) => told.push(`sent ${bytes}`),
    onReceived: (...bytes) => told.push(`received ${bytes}`),
    onEnd() {},
  }
  const follower: { trace: AttemptTrace | null } = { trace }
  return { meter: new MessageMeter({ isEnveloped, maxReceiveBytes: 10, trace: () => follower.trace }), told, follower }
}

function request(method: string, url = '/a') {
  return { method, url }
}

function bytes(count: number): Uint8Array {
  return new Uint8Array(count)
}

test('messages are told of in their order, though some wait to be inflated', () => {
  const { meter: it, told } = meter(true)
  it.onHead(200, new Headers())
  const compressed = envelop(COMPRESSED, bytes(3))
  it.onChunk(Buffer.concat([envelop(NONE, bytes(1)), compressed, envelop(NONE, bytes(2)), compressed]))
  expect(told.splice(0)).toEqual(['received 1,1'])
  it.onInflated(30)
  expect(told.splice(0)).toEqual(['received 3,30', 'received 2,2'])
  it.onInflated(40)
  expect(told).toEqual(['received 3,40'])
})

test('a message is told of once it is complete, however it is split', () => {
  const { meter: it, told } = meter(true)
  it.onHead(200, new Headers())
  const message = envelop(NONE, bytes(4))
  for (const byte of message.subarray(0, -1)) it.onChunk(Buffer.from([byte]))
  expect(told).toEqual([])
  it.onChunk(message.subarray(-1))
  expect(told).toEqual(['received 4,4'])
})

test.each([END_STREAM, TRAILERS, END_STREAM | COMPRESSED, TRAILERS | COMPRESSED])(
  'the status at the end of a stream, with flags %i, is no message',
  (flags) => {
    const { meter: it, told } = meter(true)
    it.onHead(200, new Headers())
    it.onChunk(envelop(flags, bytes(4)))
    it.onInflated(9)
    it.onEnd()
    expect(told).toEqual([])
  },
)

test('a body that is a message is told of at its end, or when it is inflated', () => {
  const plain = meter(false)
  plain.meter.onHead(200, new Headers())
  for (const chunk of [bytes(2), bytes(3)]) plain.meter.onChunk(chunk)
  expect(plain.told).toEqual([])
  plain.meter.onEnd()
  expect(plain.told).toEqual(['received 5,5'])
  const encoded = meter(false)
  encoded.meter.onHead(200, GZIP)
  encoded.meter.onChunk(bytes(5))
  encoded.meter.onEnd()
  expect(encoded.told).toEqual([])
  encoded.meter.onInflated(50)
  expect(encoded.told).toEqual(['received 5,50'])
})

test.each([true, false])('the body of an error of HTTP is no message, in envelopes: %s', (isEnveloped) => {
  const { meter: it, told } = meter(isEnveloped)
  it.onHead(503, GZIP)
  it.onChunk(envelop(NONE, bytes(4)))
  it.onEnd()
  it.onInflated(50)
  expect(told).toEqual([])
})

test.each([true, false])('a message above the limit is not told of, in envelopes: %s', (isEnveloped) => {
  const { meter: it, told } = meter(isEnveloped)
  it.onHead(200, new Headers())
  if (isEnveloped)
    it.onChunk(Buffer.concat([envelop(NONE, bytes(10)), envelop(NONE, bytes(11)), envelop(NONE, bytes(1))]))
  else it.onChunk(bytes(11))
  it.onEnd()
  expect(told).toEqual(isEnveloped ? ['received 10,10'] : [])
})

test('a body that is sent again is told of again, by the same sizes', () => {
  const { meter: it, told } = meter(true)
  it.onCompressed(90)
  const [first, second] = [envelop(COMPRESSED, bytes(9)), envelop(NONE, bytes(2))]
  for (const piece of [first, second, first, second]) it.onPiece(piece)
  expect(told).toEqual(['sent 9,90', 'sent 2,2', 'sent 9,90', 'sent 2,2'])
})

test.each([
  ['POST', '/a', 6, 'sent 6,6'],
  ['GET', '/a?connect=v1&base64=1&encoding=proto&message=AAECAw', 0, 'sent 4,4'],
  ['GET', '/a?connect=v1&base64=1&encoding=proto&message=', 0, 'sent 0,0'],
  ['GET', '/a?connect=v1&encoding=json&message=%7B%22%C3%AB%22%7D', 0, 'sent 6,6'],
])('%s %s with a body of %i is a message that is %s', (method, url, bodyBytes, expected) => {
  const { meter: it, told } = meter(false)
  it.onRequest(request(method, url), bytes(bodyBytes))
  expect(told).toEqual([expected])
})

test('a trace that is gone is told nothing, and one that follows hears the rest', () => {
  const { meter: it, told, follower } = meter(true)
  const { trace } = follower
  follower.trace = null
  it.onCompressed(90)
  const piece = envelop(COMPRESSED, bytes(9))
  it.onPiece(piece)
  expect(told).toEqual([])
  follower.trace = trace
  it.onPiece(piece)
  expect(told).toEqual(['sent 9,90'])
})
