import { Code, ConnectError } from '@connectrpc/connect'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { watchStream } from '../../../../client/core/watch-stream.ts'
import {
  DEFAULT_FINAL_CODES,
  type WatchState,
  type WatchStreamOptions,
} from '../../../../client/core/watch-stream-options.ts'
import type { StreamMethod } from '../../../../client/core/watched-call.ts'
import { untilAborted } from '../../../support/until-aborted.ts'

interface Request {
  readonly shop?: string
  readonly epoch?: string
  readonly after?: number
}

interface Message {
  readonly epoch?: string
  readonly number: number
}

type Options = WatchStreamOptions<Request, Message>

/** What one call does: yields these messages, then ends, fails, or stays open until it is canceled. */
interface ScriptedCall {
  readonly messages?: readonly Message[]
  readonly failsWith?: unknown
  readonly isOpen?: boolean
}

const failure = (code: Code) => new ConnectError('as the script says', code)
const UNAVAILABLE = failure(Code.Unavailable)
const numbers = (...list: readonly number[]): Message[] => list.map((number) => ({ number }))

/** A client method that plays a script, and fails every call after its end. */
function scripted(calls: readonly ScriptedCall[]) {
  const requests: Request[] = []
  const left: number[] = []
  const method: StreamMethod<Request, Message> = async function* (request, options) {
    const index = requests.push(request) - 1
    const call = calls[index]
    if (call === undefined) throw failure(Code.FailedPrecondition)
    options?.onHeader?.(new Headers())
    let isOver = false
    try {
      yield* call.messages ?? []
      if (call.isOpen === true) await untilAborted(options?.signal ?? new AbortController().signal)
      isOver = call.isOpen !== true
      if (call.failsWith !== undefined) throw call.failsWith
    } finally {
      if (!isOver) left.push(index)
    }
  }
  return { method, requests, left }
}

/** Watches without waiting until the watch ends or `count` messages came. */
async function watchAll(calls: readonly ScriptedCall[], options: Partial<Options> = {}, count = Infinity) {
  const { method, requests, left } = scripted(calls)
  const states: WatchState[] = []
  const seen: number[] = []
  let error: unknown
  try {
    const watch = watchStream(method, {
      request: { shop: 'kiosk' },
      resumeAfter: ({ number }) => ({ after: number }),
      onState: (state) => void states.push(state),
      sleep: async () => {},
      random: () => 0.5,
      ...options,
    })
    for await (const { number } of watch) if (seen.push(number) === count) break
  } catch (thrown) {
    error = thrown
  }
  return { requests, left, states, seen, error }
}

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
    const request = { $typeName: 'shop.Watch', shop: 'kiosk' } as Request
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
        const method: StreamMethod<Request, Message> = async function* ({ after = 0 }) {
          const { length = total, code = null } = calls[made++] ?? {}
          yield* numbers(...Array.from({ length }, (_, index) => after + index + 1))
          if (code !== null) throw failure(code)
        }
        const seen: number[] = []
        const options: Options = {
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
    const method: StreamMethod<Request, Message> = () => {
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

describe('a callback that throws ends the watch with its error', () => {
  const fault = new Error('a fault of the application')
  const fail = (): never => {
    throw fault
  }
  const calls = [{ messages: numbers(1, 2), isOpen: true }]

  it('resumeAfter', async () => {
    const { error, seen, left } = await watchAll(calls, { resumeAfter: fail })
    expect(error).toBe(fault)
    expect(seen).toEqual([1])
    expect(left).toEqual([0])
  })

  it.each(['connecting', 'live', 'waiting'])('onState: %s', async (name) => {
    const onState = (state: WatchState) => (state.name === name ? fail() : undefined)
    const { error, requests } = await watchAll([{ failsWith: UNAVAILABLE }], { onState })
    expect(error).toBe(fault)
    expect(requests).toHaveLength(name === 'connecting' ? 0 : 1)
  })

  it('callOptions.onHeader', async () => {
    const { error, requests } = await watchAll(calls, { callOptions: { onHeader: fail } })
    expect(error).toBe(fault)
    expect(requests).toHaveLength(1)
  })

  it('sleep', async () => {
    expect((await watchAll([{ failsWith: UNAVAILABLE }], { sleep: fail })).error).toBe(fault)
  })
})

describe('states', () => {
  it('are reported once each, in order', async () => {
    const { states } = await watchAll(
      [{ messages: numbers(1, 2), failsWith: UNAVAILABLE }, { messages: numbers(3) }],
      {},
      3,
    )
    expect(states.map(({ name }) => name)).toEqual(['connecting', 'live', 'waiting', 'connecting', 'live'])
  })

  it('becomes live with the first message when the client reports no headers', async () => {
    const states: string[] = []
    const method: StreamMethod<Request, Message> = async function* () {
      yield* numbers(1)
    }
    const onState = ({ name }: WatchState) => void states.push(name)
    const watch = watchStream(method, { request: {}, resumeAfter: () => ({}), onState, resumesAfterEnd: false })
    for await (const { number } of watch) expect(number).toBe(1)
    expect(states).toEqual(['connecting', 'live'])
  })
})

describe('leaving', () => {
  it('ends the call when the loop is left', async () => {
    expect((await watchAll([{ messages: numbers(1), isOpen: true }], {}, 1)).left).toEqual([0])
  })

  it('ends the call when the loop throws', async () => {
    const { method, left } = scripted([{ messages: numbers(1), isOpen: true }])
    const fault = new Error('a fault in the loop')
    const read = async () => {
      for await (const { number } of watchStream(method, { request: {}, resumeAfter: () => ({}) })) {
        if (number === 1) throw fault
      }
    }
    await expect(read()).rejects.toBe(fault)
    expect(left).toEqual([0])
  })

  it('ends a call that has no message pending', async () => {
    const { method, left } = scripted([{ isOpen: true }])
    const watch = watchStream(method, { request: {}, resumeAfter: () => ({}) })
    const pending = watch.next()
    await expect(watch.return?.()).resolves.toEqual({ done: true, value: undefined })
    await expect(pending).resolves.toEqual({ done: true, value: undefined })
    expect(left).toEqual([0])
  })

  it('ends a wait', async () => {
    const { method, requests } = scripted([{ failsWith: UNAVAILABLE }])
    const backoff = { initialMs: 60_000, maxMs: 60_000 }
    const watch = watchStream(method, { request: {}, resumeAfter: () => ({}), backoff })
    const pending = watch.next()
    await expect.poll(() => requests.length).toBe(1)
    await watch.return?.()
    await expect(pending).resolves.toMatchObject({ done: true })
    expect(requests).toHaveLength(1)
  })

  it('makes no call before the loop starts', async () => {
    const { method, requests } = scripted([])
    await watchStream(method, { request: {}, resumeAfter: () => ({}) }).return?.()
    expect(requests).toEqual([])
  })

  it.each(['while it reads', 'while it waits', 'before it starts'])(
    'ends without an error when the signal aborts %s',
    async (when) => {
      const abort = new AbortController()
      if (when === 'before it starts') abort.abort()
      const { error, requests } = await watchAll(
        when === 'while it waits' ? [{ failsWith: UNAVAILABLE }] : [{ isOpen: true }],
        {
          signal: abort.signal,
          onState: ({ name }) =>
            void (name === 'live' && when === 'while it reads' && setImmediate(() => abort.abort())),
          sleep: async () => abort.abort(),
        },
      )
      expect(error).toBeUndefined()
      expect(requests).toHaveLength(when === 'before it starts' ? 0 : 1)
    },
  )
})

it('passes headers, deadline and callbacks to each call', async () => {
  const seen: unknown[] = []
  const method: StreamMethod<Request, Message> = async function* (_request, options) {
    seen.push([new Headers(options?.headers).get('x-key'), options?.timeoutMs, options?.signal?.aborted])
    options?.onHeader?.(new Headers({ server: 'shop' }))
    yield* numbers(1)
  }
  const onHeader = (headers: Headers) => void seen.push(headers.get('server'))
  const callOptions = { headers: { 'x-key': 'k' }, timeoutMs: 5_000, onHeader }
  const watch = watchStream(method, { request: {}, resumeAfter: () => ({}), callOptions, sleep: async () => {} })
  await watch.next()
  await watch.next()
  await watch.return?.()
  const call = [['k', 5_000, false], 'shop']
  expect(seen).toEqual([...call, ...call])
})

it.each([
  [{ topic: 'a' }, 'topic is unknown'],
  [{ resumeafter: () => ({}) }, 'resumeafter is unknown: did you mean resumeAfter?'],
  [{ request: undefined }, 'request is undefined, and must be an object'],
  [{ resumeAfter: undefined }, 'resumeAfter is undefined, and must be a function'],
  [{ callOptions: { signal: AbortSignal.abort() } }, 'callOptions.signal is unknown: use signal, beside callOptions'],
  [{ finalCodes: ['unavailable'] }, 'finalCodes contains unavailable: use values of Code, such as Code.Aborted'],
  [{ resetCodes: [99] }, 'resetCodes contains 99: use values of Code'],
  [{ backoff: { initialMs: 0 } }, 'backoff.initialMs is 0: it must be from 1 to 15000'],
])('rejects %j at once', (wrong, fault) => {
  const options = { request: {}, resumeAfter: () => ({}), ...wrong } as unknown as Options
  expect(() => watchStream(scripted([]).method, options)).toThrow(fault)
  expect(() => watchStream(scripted([]).method, options)).toThrow(RangeError)
})

it('rejects anything but a client method', () => {
  const method = {} as StreamMethod<Request, Message>
  expect(() => watchStream(method, { request: {}, resumeAfter: () => ({}) })).toThrow(
    'the first argument of watchStream is an object, and must be a function: pass a method of a client',
  )
})

it('rejects a method that is not a server stream, and handles what its promise rejects with', async () => {
  const unary = (() => Promise.reject(UNAVAILABLE)) as unknown as StreamMethod<Request, Message>
  const states: WatchState[] = []
  const watch = watchStream(unary, {
    request: {},
    resumeAfter: () => undefined,
    onState: (state) => states.push(state),
  })
  await expect(watch.next()).rejects.toThrow(
    new RangeError('the first argument of watchStream is not a server-streaming method of a client'),
  )
  expect(states).toEqual([{ name: 'connecting' }])
})
