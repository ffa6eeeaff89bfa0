import { gzipSync } from 'node:zlib'
import { Code } from '@connectrpc/connect'
import { describe, expect, test } from 'vitest'
import { gzip } from '../../../wire/compression/compression.ts'
import { EnvelopeFlag, envelop, envelopePrefix } from '../../../wire/envelope.ts'
import { AS_OCTETS, EnvelopeReader, type MessageReader } from '../../../wire/envelope-reader.ts'
import { MemoryExchange } from '../../support/memory-exchange.ts'

const MAX_BYTES = 100

function open(compression: typeof gzip | null = null): { source: MemoryExchange; reader: EnvelopeReader<Uint8Array> } {
  const source = new MemoryExchange({ path: '/' })
  return { source, reader: new EnvelopeReader(source, { maxBytes: MAX_BYTES, compression, decoder: AS_OCTETS }) }
}

async function readAll(reader: MessageReader<Uint8Array>): Promise<string[]> {
  const messages: string[] = []
  while (reader.poll() && !reader.isAtEnd) messages.push(Buffer.from(await reader.take()).toString())
  return messages
}

describe('envelopes', () => {
  const body = Buffer.concat(['one', '', 'three'].map((text) => envelop(EnvelopeFlag.NONE, Buffer.from(text))))

  test('messages come one by one, then the end', async () => {
    const { source, reader } = open()
    source.feed(body, true)
    expect(await readAll(reader)).toEqual(['one', '', 'three'])
    expect(reader.isAtEnd).toBe(true)
    expect(reader.receivedBytes).toBe(body.length)
  })

  test('wherever the body is split', async () => {
    for (let at = 1; at < body.length; at++) {
      const { source, reader } = open()
      source.feed(body.subarray(0, at))
      const first = await readAll(reader)
      expect(reader.isAtEnd).toBe(false)
      source.feed(body.subarray(at), true)
      expect([...first, ...(await readAll(reader))], `at ${at}`).toEqual(['one', '', 'three'])
    }
  })

  test('rejects an announced length above the limit before waiting for a byte of it', () => {
    for (const length of [MAX_BYTES + 1, 0x7f_ff_ff_ff, 0xff_ff_ff_ff]) {
      const { source, reader } = open()
      source.feed(envelopePrefix(EnvelopeFlag.NONE, length))
      expect(() => reader.poll()).toThrow(expect.objectContaining({ code: Code.ResourceExhausted }))
    }
  })

  test('accepts a message of exactly the limit', async () => {
    const { source, reader } = open()
    source.feed(envelop(EnvelopeFlag.NONE, Buffer.alloc(MAX_BYTES, 'a')), true)
    expect(await readAll(reader)).toEqual(['a'.repeat(MAX_BYTES)])
  })

  test('rejects a body that ends within a prefix or a message', () => {
    for (const bytes of [1, 4, 5, 7]) {
      const { source, reader } = open()
      source.feed(envelop(EnvelopeFlag.NONE, Buffer.from('abc')).subarray(0, bytes), true)
      expect(() => reader.poll(), `${bytes}`).toThrow(expect.objectContaining({ code: Code.InvalidArgument }))
    }
  })

  test('decompresses a compressed message', async () => {
    const { source, reader } = open(gzip)
    source.feed(envelop(EnvelopeFlag.COMPRESSED, gzipSync('small')))
    source.feed(envelop(EnvelopeFlag.NONE, Buffer.from('plain')), true)
    expect(await readAll(reader)).toEqual(['small', 'plain'])
  })

  test('rejects a message that decompresses above the limit', async () => {
    const { source, reader } = open(gzip)
    source.feed(envelop(EnvelopeFlag.COMPRESSED, gzipSync(Buffer.alloc(MAX_BYTES + 1))), true)
    await expect(readAll(reader)).rejects.toMatchObject({ code: Code.ResourceExhausted })
  })

  test('a compressed flag without an encoding, and unknown flags, are INTERNAL', () => {
    for (const flags of [EnvelopeFlag.COMPRESSED, 0b10, 0b100, 0x80, 0xff]) {
      const { source, reader } = open()
      source.feed(envelop(flags, Buffer.from('abc')), true)
      expect(() => reader.poll(), `${flags}`).toThrow(expect.objectContaining({ code: Code.Internal }))
    }
  })
})

describe('the only message', () => {
  const one = envelop(EnvelopeFlag.NONE, Buffer.from('one'))

  test('waits for the end after it', () => {
    const { source, reader } = open()
    source.feed(one)
    expect(reader.pollOnly()).toBe(false)
    source.feed(Buffer.alloc(0), true)
    expect(reader.pollOnly()).toBe(true)
    expect(Buffer.from(reader.take() as Uint8Array).toString()).toBe('one')
  })

  test('none, or two, is UNIMPLEMENTED', () => {
    for (const body of [Buffer.alloc(0), Buffer.concat([one, one]), Buffer.concat([one, one.subarray(0, 1)])]) {
      const { source, reader } = open()
      source.feed(body, true)
      expect(() => reader.pollOnly()).toThrow(expect.objectContaining({ code: Code.Unimplemented }))
    }
  })
})

describe('whether the peer owes data', () => {
  const whole = envelop(EnvelopeFlag.NONE, Buffer.from('one'))

  test.each([
    ['nothing of a message', 0, false],
    ['half a prefix', 3, true],
    ['a prefix', 5, true],
    ['half a message', 6, true],
  ])('of many messages, with %s', (_what, bytes, isOwed) => {
    const { source, reader } = open()
    source.feed(whole.subarray(0, bytes))
    expect(reader.isOwed, 'nothing was requested yet').toBe(false)
    expect(reader.poll()).toBe(false)
    expect(reader.isOwed).toBe(isOwed)
    source.feed(whole.subarray(bytes))
    expect(reader.poll()).toBe(true)
    expect(reader.isOwed).toBe(false)
  })

  test('of a call with one message, even when read as a stream', () => {
    const source = new MemoryExchange({ path: '/' })
    const options = { maxBytes: MAX_BYTES, compression: null, decoder: AS_OCTETS, isSingle: true }
    const reader = new EnvelopeReader(source, options)
    expect(reader.poll()).toBe(false)
    expect(reader.isOwed, 'nothing came').toBe(true)
    source.feed(whole)
    expect(reader.poll()).toBe(true)
    reader.take()
    expect(reader.poll()).toBe(false)
    expect(reader.isOwed, 'the end is missing').toBe(true)
    source.feed(Buffer.alloc(0), true)
    expect(reader.poll()).toBe(true)
    expect(reader.isOwed).toBe(false)
  })

  test.each([0, 3, 5, 6, 8])('of the only message, after %i bytes of it', (bytes) => {
    const { source, reader } = open()
    source.feed(whole.subarray(0, bytes))
    expect(reader.pollOnly()).toBe(false)
    expect(reader.isOwed).toBe(true)
    source.feed(whole.subarray(bytes), true)
    expect(reader.pollOnly()).toBe(true)
    expect(reader.isOwed).toBe(false)
  })
})
