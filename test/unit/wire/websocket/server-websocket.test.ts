/** The closing handshake, pings and floods of a WebSocket on a carrier that tests control. */
import { beforeEach, describe, expect, test } from 'vitest'
import { TimerWheel } from '../../../../wire/http2/http2.ts'
import type { ByteCarrier, CarrierSink } from '../../../../wire/websocket/byte-carrier.ts'
import { ServerWebSocket, type WebSocketOwner } from '../../../../wire/websocket/server-websocket.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import { binary, clientFrame, close, closeCodeOf, serverFrames } from '../../../support/websocket/frames.ts'

class FakeCarrier implements ByteCarrier {
  sink: CarrierSink | null = null
  queuedBytes = 0
  heldBytes = 0
  isFull = false
  isPaused = true
  ended: 'no' | 'end' | 'destroyed' = 'no'
  releases = 0
  readonly #written: Uint8Array[] = []

  write(data: Uint8Array): boolean {
    this.#written.push(data)
    return !this.isFull
  }

  pause(): void {
    this.isPaused = true
  }

  resume(): void {
    this.isPaused = false
  }

  end(): void {
    this.ended = 'end'
  }

  destroy(): void {
    this.ended = 'destroyed'
  }

  release(): void {
    this.releases += 1
  }

  get leftBytes(): number {
    return 1_000_000 - this.queuedBytes
  }

  get frames() {
    return serverFrames(Buffer.concat(this.#written))
  }
}

const PING = clientFrame({ opcode: 9, payload: Buffer.from('p') })

let clock: ManualClock
let carrier: FakeCarrier
let socket: ServerWebSocket
let events: string[]
let pongs: number

beforeEach(() => {
  clock = new ManualClock()
  carrier = new FakeCarrier()
  events = []
  pongs = 0
  const owner: WebSocketOwner = {
    onPayload: (chunk, start, end) => void events.push(`payload ${chunk.toString('latin1', start, end)}`),
    onMessageEnd: () => void events.push('message end'),
    onReadEnd: () => void events.push('read end'),
    onDrain: () => void events.push('drain'),
    onEnd: ({ code, cause }) => void events.push(`${cause} ${code}`),
    onClosed: () => void events.push('gone'),
  }
  socket = new ServerWebSocket(carrier, owner, {
    timers: new TimerWheel(clock),
    ping: { burst: 5, perSecond: 1 },
    glitch: { burst: 5, perSecond: 1 },
    closeTimeoutMs: 1_000,
    stallTimeoutMs: 10_000,
    onPong: () => {
      pongs += 1
    },
  })
  socket.start()
})

describe('closing', () => {
  test('the peer closes: its code is echoed, and the owner is told once', () => {
    socket.onChunk(Buffer.concat([close(3001, 'bye'), close(1000), binary('more')]))
    expect(closeCodeOf(carrier.frames)).toBe(3001)
    expect(carrier.frames).toHaveLength(1)
    expect(carrier.ended).toBe('end')
    expect(events).toEqual(['closed 3001'])
    socket.onClose()
    expect(events).toEqual(['closed 3001', 'gone'])
    expect(carrier.releases).toBe(0)
  })

  test('the end of the connection behind a close does not cut our answer', () => {
    socket.onChunk(close(1000))
    socket.onEnd()
    expect(carrier.ended).toBe('end')
    expect(events).toEqual(['closed 1000'])
  })

  test('we close: the peer has time to answer, and what it sends meanwhile is dropped', () => {
    socket.close(1000, 'done')
    socket.onChunk(Buffer.concat([binary('late'), PING]))
    expect(carrier.ended).toBe('no')
    socket.onChunk(close(1000))
    expect(carrier.ended).toBe('end')
    expect(carrier.frames.map(({ opcode }) => opcode)).toEqual([8])
    expect(events).toEqual([])
  })

  test('we close, and the peer does not answer', () => {
    socket.close(1000)
    clock.advance(1_000)
    expect(carrier.ended).toBe('no')
    clock.advance(1_100)
    expect(carrier.ended).toBe('destroyed')
  })

  test('what is queued before our close frame may take its time, as long as it moves', () => {
    carrier.queuedBytes = 100_000
    socket.close(1000)
    for (let i = 0; i < 50; i++) {
      carrier.queuedBytes -= 1_000
      clock.advance(1_010)
    }
    expect(carrier.ended).toBe('no')
    clock.advance(9_000)
    expect(carrier.ended).toBe('no')
    clock.advance(3_000)
    expect(carrier.ended).toBe('destroyed')
  })

  test('a fault closes with its code, and what follows is not read', () => {
    socket.onChunk(Buffer.concat([clientFrame({ opcode: 3 }), binary('more')]))
    expect(closeCodeOf(carrier.frames)).toBe(1002)
    expect(carrier.ended).toBe('end')
    expect(events).toEqual(['failed 1002'])
  })

  test('an owner that aborts drops what is queued', () => {
    carrier.queuedBytes = 1
    socket.abort(1011)
    expect(carrier.frames).toEqual([])
    expect(carrier.ended).toBe('destroyed')
  })

  test('an owner that aborts with nothing queued sends its code', () => {
    socket.abort(1011)
    expect(closeCodeOf(carrier.frames)).toBe(1011)
    expect(carrier.ended).toBe('end')
  })

  test.each<[string, () => void]>([
    ['ends without a close frame', () => socket.onEnd()],
    ['is gone', () => socket.onClose()],
  ])('a connection that %s is lost', (_what, lose) => {
    lose()
    expect(events[0]).toBe('lost 1006')
  })

  test.each<keyof WebSocketOwner>(['onPayload', 'onMessageEnd', 'onReadEnd', 'onDrain'])(
    'an exception in %s is an error of ours, and harms nobody else',
    (method) => {
      socket.owner = { ...socket.owner, [method]: throwNow, onEnd: ({ code }) => void events.push(`${code}`) }
      events = []
      if (method === 'onDrain') socket.onDrain()
      else socket.onChunk(binary('x'.repeat(10)))
      expect(closeCodeOf(carrier.frames)).toBe(1011)
      expect(events.at(-1)).toBe('1011')
    },
  )
})

describe('pings', () => {
  test('are answered with their payload', () => {
    socket.onChunk(PING)
    expect(carrier.frames).toMatchObject([{ opcode: 10, payload: Buffer.from('p') }])
  })

  test('of a peer that does not read are answered by one pong, for the latest', () => {
    carrier.isFull = true
    socket.send(Buffer.from('x'))
    for (const text of ['a', 'b', 'c']) socket.onChunk(clientFrame({ opcode: 9, payload: Buffer.from(text) }))
    expect(carrier.frames).toHaveLength(1)
    carrier.isFull = false
    socket.onDrain()
    expect(carrier.frames.slice(1)).toMatchObject([{ opcode: 10, payload: Buffer.from('c') }])
    expect(events.at(-1)).toBe('drain')
  })

  test('above the budget end the WebSocket, unless our messages explain them', () => {
    for (let i = 0; i < 20; i++) {
      socket.send(Buffer.from('x'))
      socket.onChunk(PING)
    }
    expect(closeCodeOf(carrier.frames)).toBeUndefined()
    for (let i = 0; i < 6; i++) socket.onChunk(PING)
    expect(closeCodeOf(carrier.frames)).toBe(1008)
  })

  test('of ours explain as many pongs', () => {
    for (let i = 0; i < 20; i++) socket.ping()
    for (let i = 0; i < 20; i++) socket.onChunk(clientFrame({ opcode: 10 }))
    expect(pongs).toBe(20)
    expect(closeCodeOf(carrier.frames)).toBeUndefined()
    for (let i = 0; i < 6; i++) socket.onChunk(clientFrame({ opcode: 10 }))
    expect(closeCodeOf(carrier.frames)).toBe(1008)
  })
})

test('messages with less than an envelope have a budget, and others have none', () => {
  for (let i = 0; i < 100; i++) socket.onChunk(binary(0, 0, 0, 0, 0, 0))
  expect(closeCodeOf(carrier.frames)).toBeUndefined()
  for (let i = 0; i < 6; i++) socket.onChunk(binary(0))
  expect(closeCodeOf(carrier.frames)).toBe(1008)
})

test('the budgets refill', () => {
  for (let i = 0; i < 20; i++) {
    clock.advance(1_000)
    socket.onChunk(Buffer.concat([binary(0), PING]))
  }
  expect(closeCodeOf(carrier.frames)).toBeUndefined()
})

test('reading is paused and resumed once each', () => {
  socket.pause()
  expect([socket.isPaused, carrier.isPaused]).toEqual([true, true])
  socket.resume()
  expect([socket.isPaused, carrier.isPaused]).toEqual([false, false])
})

function throwNow(): never {
  throw new Error('a fault of the owner')
}
