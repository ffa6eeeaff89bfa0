import { Code } from '@connectrpc/connect'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Base64Source } from '../../../../../../server/rpc/protocols/grpc-web/base64-source.ts'
import { MemoryExchange } from '../../../../../support/memory-exchange.ts'

function open(text: string, isWhole = true): { text: MemoryExchange; source: Base64Source } {
  const exchange = new MemoryExchange({ path: '/' })
  exchange.feed(Buffer.from(text), isWhole)
  return { text: exchange, source: new Base64Source(exchange) }
}

test('decodes no more than requested', () => {
  const { text, source } = open(Buffer.from('a whole sentence').toString('base64'))
  expect(source.want(1)).toBe(true)
  expect(source.readableBytes).toBe(3)
  expect(text.readableBytes).toBe(20)
  expect(source.byteAt(1)).toBe(' '.charCodeAt(0))
  expect(source.read(2).toString()).toBe('a ')
  expect(source.want(100)).toBe(true)
  expect(source.isPeerDone).toBe(true)
  expect(source.read(source.readableBytes).toString()).toBe('whole sentence')
})

test('waits for complete quanta', () => {
  const { text, source } = open('QU', false)
  expect(source.want(1)).toBe(false)
  text.feed(Buffer.from('JD'))
  expect(source.want(1)).toBe(true)
  expect(source.read(3).toString()).toBe('ABC')
})

test('every flush may be padded, wherever it ends', () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 20 }), { maxLength: 8 }),
      fc.integer({ min: 1, max: 9 }),
      (parts, step) => {
        const whole = Buffer.concat(parts)
        const { source } = open(parts.map((part) => Buffer.from(part).toString('base64')).join(''))
        const read: Buffer[] = []
        while (source.want(step) && source.readableBytes > 0) {
          read.push(Buffer.from(source.read(Math.min(step, source.readableBytes))))
        }
        expect(Buffer.concat(read).equals(whole)).toBe(true)
      },
    ),
  )
})

test.each(['A', 'AB', 'ABC', 'A===', '====', 'AB=C', '=ABC', 'AB C', 'AB-_', 'ABCé'])('rejects %j', (text) => {
  const { source } = open(text)
  expect(() => source.want(1)).toThrow(expect.objectContaining({ code: Code.InvalidArgument }))
})
