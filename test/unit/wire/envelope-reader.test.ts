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

  test('an announced length above the limit is refused before a byte of it is waited for', () => {
    for (const length of [MAX_BYTES + 1, 0x7f_ff_ff_ff, 0xff_ff_ff_ff]) {
      const { source, reader } = open()
      source.feed(envelopePrefix(EnvelopeFlag.NONE, length))
      expect(() => reader.poll()).toThrow(expect.objectContaining({ code: Code.ResourceExhausted }))
    }
  })

  test('a message of exactly the limit passes', async () => {
    const { source, reader } = open()
    source.feed(envelop(EnvelopeFlag.NONE, Buffer.alloc(MAX_BYTES, 'a')), true)
    expect(await readAll(reader)).toEqual(['a'.repeat(MAX_BYTES)])
  })

  test('a body that ends within a prefix or a message is refused', () => {
    for (const bytes of [1, 4, 5, 7]) {
      const { source, reader } = open()
      source.feed(envelop(EnvelopeFlag.NONE, Buffer.from('abc')).subarray(0, bytes), true)
      expect(() => reader.poll(), `${bytes}`).toThrow(expect.objectContaining({ code: Code.InvalidArgument }))
    }
  })

  test('a compressed message is inflated', async () => {
    const { source, reader } = open(gzip)
    source.feed(envelop(EnvelopeFlag.COMPRESSED, gzipSync('small')))
    source.feed(envelop(EnvelopeFlag.NONE, Buffer.from('plain')), true)
    expect(await readAll(reader)).toEqual(['small', 'plain'])
  })

  test('what inflates above the limit is refused', async () => {
    const { source, reader } = open(gzip)
    source.feed(envelop(EnvelopeFlag.COMPRESSED, gzipSync(Buffer.alloc(MAX_BYTES + 1))), true)
    await expect(readAll(reader)).rejects.toMatchObject({ code: Code.ResourceExhausted })
  })

  test('compressed without an encoding, and flags that mean nothing, are INTERNAL', () => {
    for (const flags of [EnvelopeFlag.COMPRESSED, 0b10, 0b100, 0x80, 0xff]) {
      const { source, reader } = open()
      source.feed(envelop(flags, Buffer.from('abc')), true)
      expect(() => reader.poll(), `${flags}`).toThrow(expect.objectContaining({ code: Code.Internal }))
    }
  })
})

describe('the only message', () => {
  const one = envelop(EnvelopeFlag.NONE, Buffer.from('one'))

  test('waits for the end behind it', () => {
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

describe('what the peer owes', () => {
  const whole = envelop(EnvelopeFlag.NONE, Buffer.from('one'))

  test.each([
    ['nothing of a message', 0, false],
    ['half a prefix', 3, true],
    ['a prefix', 5, true],
    ['half a message', 6, true],
  ])('of many messages, when there is %s', (_what, bytes, isOwed) => {
    const { source, reader } = open()
    source.feed(whole.subarray(0, bytes))
    expect(reader.isOwed, 'nobody has asked yet').toBe(false)
    expect(reader.poll()).toBe(false)
    expect(reader.isOwed).toBe(isOwed)
    source.feed(whole.subarray(bytes))
    expect(reader.poll()).toBe(true)
    expect(reader.isOwed).toBe(false)
  })

  test('of a call that has one message, though it is read as if there could be many', () => {
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

  test.each([0, 3, 5, 6, 8])('of the only message, when there are %i octets of it', (bytes) => {
    const { source, reader } = open()
    source.feed(whole.subarray(0, bytes))
    expect(reader.pollOnly()).toBe(false)
    expect(reader.isOwed).toBe(true)
    source.feed(whole.subarray(bytes), true)
    expect(reader.pollOnly()).toBe(true)
    expect(reader.isOwed).toBe(false)
  })
})
