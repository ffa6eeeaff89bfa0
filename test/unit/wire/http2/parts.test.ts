/** The small parts of a session, each on its own. */
import { once } from 'node:events'
import { describe, expect, test } from 'vitest'
import { BodyBuffer } from '../../../../wire/http2/body-buffer.ts'
import { ClosedState, ClosedStreams } from '../../../../wire/http2/closed-streams.ts'
import { errorCodeName } from '../../../../wire/http2/errors.ts'
import { receivedOctets } from '../../../../wire/http2/exclusive-octets.ts'
import { FloodBudget } from '../../../../wire/http2/flood-guard.ts'
import { normalizeHttp2Options } from '../../../../wire/http2/options.ts'
import { ProcessMemory } from '../../../../wire/http2/process-memory.ts'

describe('closed streams', () => {
  test('remembers the last 1,024 ids, skipped ones as never opened', () => {
    const closed = new ClosedStreams()
    closed.open(1)
    closed.close(1, ClosedState.PEER_FINISHED)
    closed.open(9)
    closed.close(9, ClosedState.WE_RESET)
    expect([1, 3, 5, 7, 9].map((id) => closed.stateOf(id))).toEqual([1, 0, 0, 0, 2])
    closed.open(2_049)
    expect(closed.stateOf(1)).toBe(ClosedState.FORGOTTEN)
    expect(closed.stateOf(9)).toBe(ClosedState.WE_RESET)
    expect(closed.stateOf(11)).toBe(ClosedState.NEVER_OPENED)
    closed.open(2 ** 31 - 1)
    expect(closed.stateOf(2 ** 31 - 3)).toBe(ClosedState.NEVER_OPENED)
    expect(closed.stateOf(2_049)).toBe(ClosedState.FORGOTTEN)
  })

  test('a late close cannot overwrite a forgotten id', () => {
    const closed = new ClosedStreams()
    closed.open(1)
    closed.open(2_049)
    closed.close(2_049, ClosedState.PEER_FINISHED)
    closed.close(1, ClosedState.WE_RESET)
    expect(closed.stateOf(2_049)).toBe(ClosedState.PEER_FINISHED)
  })
})

describe('flood budget', () => {
  test('allows its burst, refills over time, never above the burst', () => {
    const budget = new FloodBudget({ burst: 3, perSecond: 10 }, 0)
    expect([0, 0, 0, 0].map((nowMs) => budget.take(nowMs))).toEqual([true, true, true, false])
    expect([100, 100].map((nowMs) => budget.take(nowMs))).toEqual([true, false])
    budget.refund(2)
    expect([100, 100, 100].map((nowMs) => budget.take(nowMs))).toEqual([true, true, false])
    expect([1e6, 1e6, 1e6, 1e6].map((nowMs) => budget.take(nowMs))).toEqual([true, true, true, false])
  })
})

describe('body buffer', () => {
  const chunk = Buffer.allocUnsafeSlow(65_536).fill('abcdefghijklmnopqrstuvwxyz')

  test('reads pushed bytes across pieces of any size, settled or not', () => {
    for (const isSettled of [false, true]) {
      const body = new BodyBuffer()
      let expected = ''
      let random = 3
      for (let i = 0; i < 200; i++) {
        random = (random * 48_271) % 2_147_483_647
        const start = random % 1_000
        const end = start + 1 + (random % (i % 10 === 0 ? 20_000 : 300))
        body.push(chunk, start, end)
        expected += chunk.toString('latin1', start, end)
        if (isSettled && i % 7 === 0) body.settle()
        // Forwards and backwards, as the buffer remembers where the last look was.
        for (const offset of [body.length - 1, 0, body.length >> 1, body.length >> 2, body.length - 1]) {
          expect(body.byteAt(offset)).toBe(expected.charCodeAt(offset))
        }
        const count = Math.min(body.length, random % 900)
        if (count === 0) continue
        expect(body.read(count).toString('latin1')).toBe(expected.slice(0, count))
        expected = expected.slice(count)
      }
      expect(body.read(body.length).toString('latin1')).toBe(expected)
      expect([body.length, body.capacityBytes, body.hasViews]).toEqual([0, 0, false])
    }
  })

  test('looking at each octet of many pieces takes linear time', () => {
    const body = new BodyBuffer()
    for (let piece = 0; piece < 10_000; piece++) body.push(chunk, 0, 1_024)
    let sum = 0
    for (let offset = 0; offset < body.length; offset++) sum += body.byteAt(offset)
    expect(sum).toBe(10_000 * chunk.subarray(0, 1_024).reduce((left, right) => left + right))
  })

  test('settled, it retains no chunk for a small part of it', () => {
    const body = new BodyBuffer()
    body.push(chunk, 0, 50)
    expect(body.capacityBytes).toBe(50)
    body.settle()
    expect(body.capacityBytes).toBe(4_096)
    expect(body.read(50).buffer).not.toBe(chunk.buffer)
  })

  test('settled, it retains a chunk of which it is the most, and counts all of it', () => {
    const body = new BodyBuffer()
    body.push(chunk, 0, 60_000)
    body.settle()
    expect(body.capacityBytes).toBe(65_536)
    expect(body.read(60_000).buffer).toBe(chunk.buffer)
  })

  test('tiny pieces share a buffer', () => {
    const body = new BodyBuffer()
    for (let i = 0; i < 26_000; i++) body.push(chunk, 0, 5)
    body.settle()
    expect(body.capacityBytes).toBeLessThan(140_000)
  })

  describe('a message that its owner waits for', () => {
    const size = 200_000
    const octets = Buffer.alloc(size, 'abcdefghijklmnopqrstuvwxyz0123456789')

    /** Returns the body with the first octets, and the chunks that brought them, overwritten as nothing may refer to them. */
    function receive(bytes: number, chunkBytes: number) {
      const body = new BodyBuffer()
      for (let at = 0; at < bytes; at += chunkBytes) {
        const next = Buffer.from(octets.subarray(at, Math.min(bytes, at + chunkBytes)))
        body.push(next, 0, next.length, size)
        body.settle(size)
        next.fill('#')
      }
      return body
    }

    test.each([100, 1_500, 16_384, 65_536])('arrives in chunks of %i bytes, and is read in one piece', (chunkBytes) => {
      const body = receive(size, chunkBytes)
      expect(body.capacityBytes).toBe(size)
      const read = body.read(size)
      expect([read.equals(octets), read.buffer.byteLength]).toEqual([true, size])
      expect([body.length, body.capacityBytes]).toEqual([0, 0])
    })

    test('takes memory in proportion to what has arrived', () => {
      for (const bytes of [1, 1_000, 10_000, 40_000, 100_000]) {
        const { capacityBytes } = receive(bytes, 1_000)
        expect(capacityBytes).toBeLessThanOrEqual(Math.min(size, Math.max(4_096, bytes * 4)))
      }
    })

    test('ends within a chunk, in which the next one begins', () => {
      const body = receive(size - 10, 16_384)
      const chunk = Buffer.concat([octets.subarray(size - 10), Buffer.alloc(5_000, 'n')])
      body.push(chunk, 0, chunk.length, size)
      expect(body.length).toBe(size + 5_000)
      expect(body.read(size).equals(octets)).toBe(true)
      body.settle(0)
      chunk.fill('#')
      expect(body.read(5_000).toString()).toBe('n'.repeat(5_000))
    })

    test('may be freed once it was read, unlike octets that share a buffer with others', () => {
      const whole = receive(size, 16_384).read(size)
      const shared = receive(size, 16_384)
      const first = shared.read(100_000)
      const rest = shared.read(100_000)
      for (const octetsRead of [whole, first, rest]) receivedOctets.free(octetsRead)
      expect([whole.length, first.length, rest.length]).toEqual([0, 100_000, 100_000])
      expect(Buffer.concat([first, rest]).equals(octets)).toBe(true)
    })
  })

  test('reading beyond the buffer is a programming error', () => {
    const body = new BodyBuffer()
    expect(() => body.read(1)).toThrow(RangeError)
    expect(() => body.byteAt(0)).toThrow(RangeError)
  })
})

describe('process memory', () => {
  test('a holder that throws, or frees nothing, does not prevent others from being relieved', async () => {
    const memory = new ProcessMemory()
    const reset: string[] = []
    const join = (name: string, bytes: number, free: () => number) => {
      let held = bytes
      memory.heldBytes += bytes
      memory.join({
        largestStalledBytes: () => held,
        resetLargestStalled() {
          reset.push(name)
          const freed = free()
          held -= freed
          memory.heldBytes -= freed
        },
      })
    }
    const warned = once(process, 'warning')
    join('throws', 300, () => {
      throw new Error('cannot be reset')
    })
    join('frees nothing', 200, () => 0)
    join('frees', 100, () => 100)
    memory.relieve(550)
    expect(reset).toEqual(['throws', 'frees nothing', 'frees'])
    memory.relieve(0)
    expect(reset.slice(3)).toEqual(['throws', 'frees nothing'])
    expect(await warned).toMatchObject([{ message: 'cannot be reset' }])
  })
})

describe('options', () => {
  test('the defaults of both roles are valid and frozen', () => {
    for (const role of ['server', 'client'] as const) {
      const options = normalizeHttp2Options(role)
      expect(Object.isFrozen(options)).toBe(true)
      expect(options).toMatchObject({ role, maxConcurrentStreams: 100, maxContinuations: 8 })
    }
    expect(normalizeHttp2Options('server').maxHeaderFields).toBe(100)
    expect(normalizeHttp2Options('client').maxHeaderFields).toBe(129)
    expect(normalizeHttp2Options('server').streamWindowBytes).toBe(131_072)
    expect(normalizeHttp2Options('client').streamWindowBytes).toBe(262_144)
  })

  test('every error is reported with option and value', () => {
    expect(() => normalizeHttp2Options('server', { maxConcurrentStreams: 0, pingBurst: 1.5, lingerMs: -1 })).toThrow(
      /maxConcurrentStreams is 0.*pingBurst is 1.5.*lingerMs is -1/,
    )
    expect(() => normalizeHttp2Options('client', { streamWindowBytes: 65_534 })).toThrow('from 65535')
  })

  test('rejects windows that do not fit each other', () => {
    expect(() => normalizeHttp2Options('server', { maxConcurrentStreams: 1_000 })).toThrow('sessionBufferBytes')
    expect(() => normalizeHttp2Options('client', { streamWindowBytes: 16 * 1_048_576 })).toThrow('maxStreamWindowBytes')
  })
})

test('known error codes have names, unknown ones numbers', () => {
  expect([0, 11, 13, 14].map(errorCodeName)).toEqual(['NO_ERROR', 'ENHANCE_YOUR_CALM', 'HTTP_1_1_REQUIRED', '0xe'])
})
