import { gzipSync } from 'node:zlib'
import { Code } from '@connectrpc/connect'
import { describe, expect, test } from 'vitest'
import { gzip } from '../../../wire/compression.ts'
import { EnvelopeFlag, envelop, envelopePrefix } from '../../../wire/envelope.ts'
import { EnvelopeReader, type MessageReader } from '../../../wire/envelope-reader.ts'
import { MemoryExchange } from '../../support/memory-exchange.ts'

const MAX_BYTES = 100

function open(compression: typeof gzip | null = null): { source: MemoryExchange; reader: EnvelopeReader } {
  const source = new MemoryExchange({ path: '/' })
  return { source, reader: new EnvelopeReader(source, { maxBytes: MAX_BYTES, compression }) }
}

async function readAll(reader: MessageReader): Promise<string[]> {
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

describe('a run', () => {
  const plain = (...texts: string[]) =>
    Buffer.concat(texts.map((text) => envelop(EnvelopeFlag.NONE, Buffer.from(text))))

  test('is all plain messages that lie there whole, in their envelopes', () => {
    const { source, reader } = open()
    source.feed(Buffer.concat([plain('one', '', 'three'), plain('four').subarray(0, -1)]))
    expect(reader.poll()).toBe(true)
    expect(Buffer.from(reader.takeRun() ?? [])).toEqual(plain('one', '', 'three'))
    expect(reader.receivedBytes).toBe(plain('one', '', 'three').byteLength)
    expect(reader.poll()).toBe(false)
    source.feed(Buffer.from('r'), true)
    expect(reader.poll()).toBe(true)
    expect(reader.takeRun()).toBeNull()
    expect(Buffer.from(reader.take() as Uint8Array).toString()).toBe('four')
  })

  test.each<[what: string, next: Uint8Array]>([
    ['nothing', Buffer.alloc(0)],
    ['half a prefix', plain('x').subarray(0, 4)],
    ['half a message', plain('xy').subarray(0, 6)],
    ['one that is compressed', envelop(EnvelopeFlag.COMPRESSED, gzipSync('x'))],
    ['one with flags that mean nothing', envelop(0b100, Buffer.from('x'))],
    ['one above the limit', plain('x'.repeat(MAX_BYTES + 1))],
  ])('of one is none: behind it is %s', (_what, next) => {
    const { source, reader } = open(gzip)
    source.feed(Buffer.concat([plain('one'), next]))
    expect(reader.poll()).toBe(true)
    expect(reader.takeRun()).toBeNull()
    expect(Buffer.from(reader.take() as Uint8Array).toString()).toBe('one')
  })

  test('does not begin with a message that is compressed', () => {
    const { source, reader } = open(gzip)
    source.feed(Buffer.concat([envelop(EnvelopeFlag.COMPRESSED, gzipSync('x')), plain('one', 'two')]))
    expect(reader.poll()).toBe(true)
    expect(reader.takeRun()).toBeNull()
  })

  test.each([
    ['32 messages', '', 32 * 5],
    ['4 KiB', 'x'.repeat(1_000), 4 * (5 + 1_000)],
  ])('takes no more than %s, however much is there', (_what, text, bytes) => {
    const source = new MemoryExchange({ path: '/' })
    const reader = new EnvelopeReader(source, { maxBytes: 1_000, compression: null })
    source.feed(plain(...Array.from({ length: 1_000 }, () => text)))
    expect(reader.poll()).toBe(true)
    expect(reader.takeRun()?.byteLength).toBe(bytes)
  })
})
