import { describe, expect, it } from 'vitest'
import { watchStream } from '../../../../client/core/watch-stream.ts'
import type { WatchState } from '../../../../client/core/watch-stream-options.ts'
import type { StreamMethod } from '../../../../client/core/watched-call.ts'
import {
  numbers,
  type ScriptedWatchOptions,
  scripted,
  UNAVAILABLE,
  type WatchMessage,
  type WatchRequest,
  watchAll,
} from '../../../support/scripted-watch.ts'

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
    const method: StreamMethod<WatchRequest, WatchMessage> = async function* () {
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
  const method: StreamMethod<WatchRequest, WatchMessage> = async function* (_request, options) {
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
  const options = { request: {}, resumeAfter: () => ({}), ...wrong } as unknown as ScriptedWatchOptions
  expect(() => watchStream(scripted([]).method, options)).toThrow(fault)
  expect(() => watchStream(scripted([]).method, options)).toThrow(RangeError)
})

it('rejects anything but a client method', () => {
  const method = {} as StreamMethod<WatchRequest, WatchMessage>
  expect(() => watchStream(method, { request: {}, resumeAfter: () => ({}) })).toThrow(
    'the first argument of watchStream is an object, and must be a function: pass a method of a client',
  )
})

it('rejects a method that is not a server stream, and handles what its promise rejects with', async () => {
  const unary = (() => Promise.reject(UNAVAILABLE)) as unknown as StreamMethod<WatchRequest, WatchMessage>
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
