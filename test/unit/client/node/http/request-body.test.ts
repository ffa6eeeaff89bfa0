import { Buffer } from 'node:buffer'
import { Code } from '@connectrpc/connect'
import { expect, test } from 'vitest'
import type { HttpExchange } from '../../../../../client/node/contracts/http-exchange.ts'
import { RequestBody } from '../../../../../client/node/http/request-body.ts'
import { settled } from '../../../../support/settled.ts'

/** Has room for so many pieces. */
class Exchange implements HttpExchange {
  readonly isAtEnd = false
  readonly trailers = []
  readonly written: string[] = []
  room: number

  constructor(room = Number.POSITIVE_INFINITY) {
    this.room = room
  }

  write(data: Uint8Array): boolean {
    this.written.push(Buffer.from(data).toString())
    return this.written.length < this.room
  }

  end(): void {
    this.written.push('end')
  }

  read(): null {
    return null
  }

  cancel(): void {}
}

async function* pieces(...texts: string[]) {
  for (const text of texts) yield Buffer.from(text)
}

function unexpected(error: Error): void {
  throw error
}

test('a body that is sent as a whole is gathered first', async () => {
  const body = await RequestBody.whole(pieces('a', 'b'))
  expect(Buffer.from(body.content ?? []).toString()).toBe('ab')
  expect(body.canReplay).toBe(true)
})

test('no body is an empty one', async () => {
  expect((await RequestBody.whole(undefined)).content).toHaveLength(0)
})

test('a piece is asked for only while there is room', async () => {
  let made = 0
  const body = RequestBody.streamed(
    (async function* () {
      for (;;) {
        made += 1
        yield Buffer.from(String(made))
      }
    })(),
  )
  const exchange = new Exchange(2)
  body.sendOver(exchange, unexpected)
  await settled()
  expect({ made, written: exchange.written }).toEqual({ made: 2, written: ['1', '2'] })
  exchange.room = 3
  body.onWritable()
  await settled()
  expect({ made, written: exchange.written }).toEqual({ made: 3, written: ['1', '2', '3'] })
  body.stop()
})

test('a piece that was being made when the exchange failed goes over the next one', async () => {
  const { promise: isMade, resolve: make } = Promise.withResolvers<Buffer>()
  const body = RequestBody.streamed(
    (async function* () {
      yield await isMade
    })(),
  )
  const [first, second] = [new Exchange(), new Exchange()]
  body.sendOver(first, unexpected)
  expect(body.canReplay).toBe(true)
  body.detach()
  make(Buffer.from('late'))
  await settled()
  body.sendOver(second, unexpected)
  await settled()
  expect([first.written, second.written]).toEqual([[], ['late', 'end']])
})

test('what an exchange was sent goes over the next one too, and then what follows', async () => {
  const { promise: isMade, resolve: make } = Promise.withResolvers<Buffer>()
  const body = RequestBody.streamed(
    (async function* () {
      yield* pieces('a', 'b')
      yield await isMade
    })(),
  )
  const [first, second, third] = [new Exchange(), new Exchange(), new Exchange()]
  body.sendOver(first, unexpected)
  await settled()
  body.detach()
  body.sendOver(second, unexpected)
  make(Buffer.from('c'))
  await settled()
  expect([first.written, second.written]).toEqual([
    ['a', 'b'],
    ['a', 'b', 'c', 'end'],
  ])
  body.detach()
  body.sendOver(third, unexpected)
  expect(third.written).toEqual(['a', 'b', 'c', 'end'])
  body.commit()
  expect(body.canReplay).toBe(false)
})

test('what follows waits until there is room behind what is sent again', async () => {
  const { promise: isMade, resolve: make } = Promise.withResolvers<Buffer>()
  const body = RequestBody.streamed(
    (async function* () {
      yield* pieces('a', 'b')
      yield await isMade
    })(),
  )
  body.sendOver(new Exchange(), unexpected)
  await settled()
  body.detach()
  const next = new Exchange(2)
  body.sendOver(next, unexpected)
  make(Buffer.from('c'))
  await settled()
  expect(next.written).toEqual(['a', 'b'])
  next.room = 9
  body.onWritable()
  await settled()
  expect(next.written).toEqual(['a', 'b', 'c', 'end'])
})

test('RT-10 after more than 256 KiB no other exchange may follow', async () => {
  const half = 'x'.repeat(128 * 1024)
  const body = RequestBody.streamed(pieces(half, half))
  body.sendOver(new Exchange(), unexpected)
  await settled()
  expect(body.canReplay).toBe(true)
  const larger = RequestBody.streamed(pieces(half, half, '.'))
  larger.sendOver(new Exchange(), unexpected)
  await settled()
  expect(larger.canReplay).toBe(false)
})

test('whoever makes the pieces is told when no more are wanted', async () => {
  let isLeft = false
  const body = RequestBody.streamed(
    (async function* () {
      try {
        for (;;) yield Buffer.from('x')
      } finally {
        isLeft = true
      }
    })(),
  )
  body.sendOver(new Exchange(1), unexpected)
  await settled()
  body.stop()
  await settled()
  expect(isLeft).toBe(true)
})

test('a fault of whoever makes the pieces is told', async () => {
  const body = RequestBody.streamed(
    (async function* (): AsyncGenerator<Buffer> {
      yield* []
      throw new Error('no more paper')
    })(),
  )
  const { promise, resolve } = Promise.withResolvers<Error>()
  body.sendOver(new Exchange(), resolve)
  expect(await promise).toMatchObject({ code: Code.Internal, rawMessage: 'no more paper' })
})

test('each piece is told of whenever it is sent, over another exchange too', async () => {
  const told: string[] = []
  const body = RequestBody.streamed(pieces('a', 'b'), (piece) => told.push(Buffer.from(piece).toString()))
  body.sendOver(new Exchange(2), unexpected)
  await settled()
  expect(told).toEqual(['a', 'b'])
  body.detach()
  const second = new Exchange()
  body.sendOver(second, unexpected)
  await settled()
  expect(told).toEqual(['a', 'b', 'a', 'b'])
  expect(second.written).toEqual(['a', 'b', 'end'])
})
