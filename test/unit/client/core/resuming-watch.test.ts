import { Code } from '@connectrpc/connect'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { watchStream } from '../../../../client/core/watch-stream.ts'
import { DEFAULT_FINAL_CODES } from '../../../../client/core/watch-stream-options.ts'
import type { StreamMethod } from '../../../../client/core/watched-call.ts'
import {
  failure,
  numbers,
  type ScriptedWatchOptions,
  scripted,
  UNAVAILABLE,
  type WatchMessage,
  type WatchRequest,
  watchAll,
} from '../../../support/scripted-watch.ts'

describe('the position', () => {
  it('is sent in the next request, along with the other fields', async () => {
    const { requests, seen } = await watchAll([
      { messages: numbers(1, 2), failsWith: UNAVAILABLE },
      { messages: numbers(3), failsWith: UNAVAILABLE },
    ])
    expect(seen).toEqual([1, 2, 3])
    expect(requests).toEqual([{ shop: 'kiosk' }, { shop: 'kiosk', after: 2 }, { shop: 'kiosk', after: 3 }])
  })

  it('can be two fields', async () => {
    const { requests } = await watchAll(
      [{ messages: [{ epoch: 'a', number: 7 }] }, { messages: [{ epoch: 'b', number: 1 }] }],
      { resumeAfter: ({ epoch = '', number }) => ({ epoch, after: number }) },
    )
    expect(requests.slice(1)).toEqual([
      { shop: 'kiosk', epoch: 'a', after: 7 },
      { shop: 'kiosk', epoch: 'b', after: 1 },
    ])
  })

  it('replaces the one the watch was started with', async () => {
    const { requests } = await watchAll([{ failsWith: UNAVAILABLE }, { messages: numbers(6) }], {
      request: { after: 5 },
    })
    expect(requests).toEqual([{ after: 5 }, { after: 5 }, { after: 6 }])
  })

  it('is kept across messages without one', async () => {
    const { requests } = await watchAll([{ messages: numbers(4, -1) }, { messages: numbers(-1) }], {
      resumeAfter: ({ number }) => (number < 0 ? undefined : { after: number }),
    })
    expect(requests.map(({ after }) => after)).toEqual([undefined, 4, 4])
  })

  it('is read when the loop asks for more, so that it can be what the loop has stored', async () => {
    let stored = 0
    const { method, requests } = scripted([{ messages: numbers(1, 2) }, { isOpen: true, messages: numbers(3) }])
    const resumeAfter = () => ({ after: stored })
    for await (const { number } of watchStream(method, { request: {}, resumeAfter, sleep: async () => {} })) {
      stored = number * 10
      if (number === 3) break
    }
    expect(requests).toEqual([{}, { after: 20 }])
  })

  it('is sent without the type name of a complete message, which would hide it', async () => {
    const request = { $typeName: 'shop.Watch', shop: 'kiosk' } as WatchRequest
    const { requests } = await watchAll([{ messages: numbers(1) }, { messages: numbers(2) }], { request })
    expect(requests.slice(1)).toEqual([
      { shop: 'kiosk', after: 1 },
      { shop: 'kiosk', after: 2 },
    ])
  })

  it('stays the last one seen when a server repeats messages', async () => {
    const { requests, seen } = await watchAll([{ messages: numbers(1, 2) }, { messages: numbers(1, 2) }])
    expect(seen).toEqual([1, 2, 1, 2])
    expect(requests.at(-1)).toMatchObject({ after: 2 })
  })

  it('no message is missed or repeated, wherever calls are cut', async () => {
    const cuts = fc.array(
      fc.record({ length: fc.nat(4), code: fc.constantFrom(Code.Unavailable, Code.Internal, null) }),
    )
    await fc.assert(
      fc.asyncProperty(cuts, async (calls) => {
        const total = calls.reduce((sum, { length }) => sum + length, 1)
        let made = 0
        const method: StreamMethod<WatchRequest, WatchMessage> = async function* ({ after = 0 }) {
          const { length = total, code = null } = calls[made++] ?? {}
          yield* numbers(...Array.from({ length }, (_, index) => after + index + 1))
          if (code !== null) throw failure(code)
        }
        const seen: number[] = []
        const options: ScriptedWatchOptions = {
          request: {},
          resumeAfter: ({ number }) => ({ after: number }),
          sleep: async () => {},
        }
        for await (const { number } of watchStream(method, options)) if (seen.push(number) === total) break
        expect(seen).toEqual(Array.from({ length: total }, (_, index) => index + 1))
      }),
    )
  })
})

describe('codes', () => {
  it.each(DEFAULT_FINAL_CODES)('%i ends the watch by default', async (code) => {
    const { error, requests } = await watchAll([{ messages: numbers(1), failsWith: failure(code) }])
    expect(error).toMatchObject({ code, rawMessage: 'as the script says' })
    expect(requests).toHaveLength(1)
  })

  it.each(Object.values(Code).filter((code) => typeof code === 'number' && !DEFAULT_FINAL_CODES.includes(code)))(
    '%i starts another call by default',
    async (code) => {
      const { seen } = await watchAll([{ failsWith: failure(code as Code) }, { messages: numbers(1) }], {}, 1)
      expect(seen).toEqual([1])
    },
  )

  it('are configurable', async () => {
    const finalCodes = [Code.DataLoss]
    const { error, seen } = await watchAll(
      [{ failsWith: failure(Code.NotFound) }, { messages: numbers(1), failsWith: failure(Code.DataLoss) }],
      { finalCodes },
    )
    expect(seen).toEqual([1])
    expect(error).toMatchObject({ code: Code.DataLoss })
  })

  it('can drop the position, once', async () => {
    const gone = failure(Code.OutOfRange)
    const { error, requests, states } = await watchAll(
      [
        { messages: numbers(8), failsWith: UNAVAILABLE },
        { failsWith: gone },
        { messages: numbers(1) },
        { failsWith: gone },
        { failsWith: gone },
      ],
      { resetCodes: [Code.OutOfRange] },
    )
    expect(requests.map(({ after }) => after)).toEqual([undefined, 8, undefined, 1, undefined])
    expect(error).toBe(gone)
    expect(states.filter(({ name }) => name === 'waiting')).toHaveLength(4)
  })

  it('any other error of a call counts as UNKNOWN, which starts another call', async () => {
    const { states, seen } = await watchAll(
      [{ failsWith: new TypeError('fetch failed') }, { messages: numbers(1) }],
      {},
      1,
    )
    expect(seen).toEqual([1])
    expect(states[2]).toMatchObject({ name: 'waiting', error: { code: Code.Unknown } })
  })

  it('an error thrown synchronously by the method counts like one of the stream', async () => {
    let calls = 0
    const method: StreamMethod<WatchRequest, WatchMessage> = () => {
      calls += 1
      throw failure(calls === 1 ? Code.Unavailable : Code.PermissionDenied)
    }
    const watch = watchStream(method, { request: {}, resumeAfter: () => ({}), sleep: async () => {} })
    await expect(watch.next()).rejects.toMatchObject({ code: Code.PermissionDenied })
    expect(calls).toBe(2)
  })
})

describe('a stream that ends with OK', () => {
  it('is resumed', async () => {
    const { seen, states } = await watchAll([{ messages: numbers(1) }, { messages: numbers(2) }], {}, 2)
    expect(seen).toEqual([1, 2])
    expect(states[2]).toMatchObject({
      name: 'waiting',
      error: { code: Code.Unavailable, rawMessage: 'the server ended the stream' },
    })
  })

  it.each(['finalCodes', 'resetCodes'])('is resumed from its position even if UNAVAILABLE is in %s', async (list) => {
    const calls = [{ messages: numbers(1) }, { messages: numbers(2) }]
    const { requests, error } = await watchAll(calls, { [list]: [Code.Unavailable] }, 2)
    expect(requests.map(({ after }) => after)).toEqual([undefined, 1])
    expect(error).toBeUndefined()
  })

  it('ends the watch on request', async () => {
    const { seen, requests, error } = await watchAll(
      [{ messages: numbers(1), failsWith: UNAVAILABLE }, { messages: numbers(2) }],
      { resumesAfterEnd: false },
    )
    expect(seen).toEqual([1, 2])
    expect(requests).toHaveLength(2)
    expect(error).toBeUndefined()
  })
})
