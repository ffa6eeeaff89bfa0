/** User code at every edge of a call: whatever it does ends only its call, and nothing leaks. */
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { type CallOptions, Code, ConnectError, createContextValues, type Interceptor } from '@connectrpc/connect'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { callCredentials } from '../../client/node/credentials/call-credentials.ts'
import type { TransportOptions } from '../../client/node/transport-options.ts'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import type { CallObserver } from '../../wire/call-observer.ts'
import { CLIENT_WAYS } from '../support/client-ways.ts'
import { collect } from '../support/collect.ts'
import { startRoutes } from '../support/demo-server.ts'
import { type OpenGreeter, openGreeter } from '../support/open-greeter.ts'

/** What the injected code does instead of its work. */
type Fault = () => never

/** An edge of a call, and the code that runs there. */
interface Edge {
  readonly transport?: Partial<TransportOptions>
  readonly call?: CallOptions
  /** Of a stream; default: two messages. */
  readonly input?: AsyncIterable<object>
}

/** What a function may do. */
const FAULTS: Readonly<Record<string, Fault>> = {
  throws() {
    throw new Error('a fault')
  },
  'throws what has no text': () => {
    throw Object.create(null)
  },
  rejects: () => Promise.reject(new Error('a fault')) as never,
  'never settles': () => new Promise(() => {}) as never,
  'returns nothing': () => undefined as never,
  'returns a number': () => 7 as never,
}

/** What a property may do. */
const { throws, 'throws what has no text': throwsNoText } = FAULTS
const FAULTS_OF_GETTERS = { throws, 'throws what has no text': throwsNoText }

const EDGES: Readonly<Record<string, (fault: Fault) => Edge>> = {
  'an interceptor, as it is made': (fault) => ({ transport: { interceptors: [fault] } }),
  'an interceptor, before it goes on': (fault) => ({ transport: { interceptors: [() => fault] } }),
  'an interceptor, behind the answer': (fault) => ({
    transport: { interceptors: [(next) => async (request) => next(request).then(fault)] },
  }),
  'the messages that an interceptor makes of a request': (fault) => ({
    transport: { interceptors: [requestMessages(iterable({ next: fault, return: fault, throw: fault }))] },
  }),
  'the messages that an interceptor makes of an answer': (fault) => ({
    transport: { interceptors: [responseMessages(iterable({ next: fault, return: fault }))] },
  }),
  'the iterator of an interceptor': (fault) => ({
    transport: { interceptors: [responseMessages({ [Symbol.asyncIterator]: fault })] },
  }),
  'credentials of the channel': (fault) => ({ transport: { credentials: { requiresTls: false, metadata: fault } } }),
  'credentials of the call': (fault) => ({
    call: { contextValues: createContextValues().set(callCredentials, { requiresTls: false, metadata: fault }) },
  }),
  'an observer, as a call starts': (onStart) => observed({ onStart }),
  'an observer, as a call ends': (onEnd) => observed({ onStart: () => ({ onEnd }) }),
  'an observer, as an attempt starts': (onAttempt) => observed({ onStart: () => ({ onAttempt, onEnd() {} }) }),
  'an observer, as an attempt ends': (onEnd) => observedAttempt({ onEnd }),
  'an observer, as there is a connection': (onPicked) => observedAttempt({ onPicked, onEnd() {} }),
  'an observer, as a message is sent': (onSent) => observedAttempt({ onSent, onEnd() {} }),
  'an observer, as a message is received': (onReceived) => observedAttempt({ onReceived, onEnd() {} }),
  'the iterator of the caller': (fault) => ({ input: { [Symbol.asyncIterator]: fault } }),
  'the messages of the caller': (next) => ({ input: iterable({ next }) }),
  'the messages of the caller, as they are left': (fault) => ({
    input: iterable({ next: () => new Promise(() => {}), return: fault, throw: fault }),
  }),
}

const EDGES_OF_GETTERS: typeof EDGES = {
  'an observer, as it adds to a head': (get) =>
    observedAttempt(Object.defineProperty({ onEnd() {} }, 'fields', { get })),
  'a signal, as it is looked at': (get) => ({
    call: { signal: Object.defineProperty(fakeSignal({}), 'aborted', { get }) },
  }),
  'a signal, as it is listened to': (addEventListener) => ({ call: { signal: fakeSignal({ addEventListener }) } }),
  'a signal, as it is left': (removeEventListener) => ({ call: { signal: fakeSignal({ removeEventListener }) } }),
  'a message of the caller': (get) => ({
    input: iterable({ next: async () => ({ done: false, value: Object.defineProperty({}, 'topic', { get }) }) }),
  }),
  'the headers of the caller': (fault) => ({ call: { headers: { [Symbol.iterator]: fault } as never } }),
  'the context values of the caller': (get) => ({ call: { contextValues: { get } as never } }),
}

const ROWS = [
  ...Object.entries(EDGES).map(([what, edgeOf]) => ({ what, edgeOf, faults: FAULTS })),
  ...Object.entries(EDGES_OF_GETTERS).map(([what, edgeOf]) => ({ what, edgeOf, faults: FAULTS_OF_GETTERS })),
]

function observed(observer: CallObserver): Edge {
  return { transport: { observers: [observer] } }
}

function observedAttempt(attempt: object): Edge {
  return observed({ onStart: () => ({ onAttempt: () => attempt as never, onEnd() {} }) })
}

function fakeSignal(methods: object): AbortSignal {
  return { aborted: false, addEventListener() {}, removeEventListener() {}, ...methods } as never
}

function iterable(iterator: object): AsyncIterable<never> {
  return { [Symbol.asyncIterator]: () => iterator } as never
}

function requestMessages(message: AsyncIterable<never>): Interceptor {
  return (next) => (request) => next((request.stream ? { ...request, message } : request) as never)
}

function responseMessages(message: AsyncIterable<never>): Interceptor {
  return (next) => async (request) => {
    const response = await next(request)
    return response.stream ? { ...response, message } : response
  }
}

async function* twoMessages() {
  for (const data of ['a', 'b']) yield { topic: 't', data }
}

/** Whether it ends well or not is up to the edge; that it ends is not. */
async function outcomeOf(call: Promise<unknown>): Promise<string> {
  try {
    await call
    return 'OK'
  } catch (error) {
    return error instanceof ConnectError ? `${error.code}` : 'another error'
  }
}

const MODES: Readonly<Record<string, (greeter: OpenGreeter, edge: Edge) => Promise<unknown>>> = {
  'one message': ({ client }, { call }) => client.sayHello({ name: 'a' }, { timeoutMs: TIMEOUT_MS, ...call }),
  'many messages': ({ client }, { call, input = twoMessages() }) =>
    client.putStream(input, { timeoutMs: TIMEOUT_MS, ...call }),
  'many messages, both ways': ({ client }, { call, input = twoMessages() }) =>
    collect(client.allStream(input, { timeoutMs: TIMEOUT_MS, ...call })),
}

/** How long to wait for a promise that never settles. */
const TIMEOUT_MS = 150

const warnings: string[] = []
const onWarning = ({ message }: Error): void => void warnings.push(message)
const rejections: unknown[] = []
const onRejection = (reason: unknown): void => void rejections.push(reason)

beforeEach(() => {
  process.on('warning', onWarning)
  process.on('unhandledRejection', onRejection)
})

afterEach(() => {
  process.off('warning', onWarning)
  process.off('unhandledRejection', onRejection)
  expect(rejections.splice(0)).toEqual([])
  warnings.length = 0
})

async function startServer() {
  const open = new Set<AbortSignal>()
  const server = await startRoutes({
    interceptors: [
      (next) => (request) => {
        open.add(request.signal)
        void once(request.signal, 'abort').then(() => open.delete(request.signal))
        return next(request)
      },
    ],
    routes: (router) =>
      router.service(GreeterService, {
        sayHello: ({ name }) => ({ message: name }),
        async putStream(messages) {
          return { accepted: BigInt((await collect(messages)).length) }
        },
        async *allStream(messages) {
          for await (const { data } of messages) yield { data }
        },
      }),
  })
  return { server, open }
}

describe.each(CLIENT_WAYS)('$protocol over HTTP/$httpVersion', ({ protocol, httpVersion }) => {
  test.each(ROWS)('$what', async ({ edgeOf, faults }) => {
    const { server, open } = await startServer()
    for (const fault of Object.values(faults)) {
      const edge = edgeOf(fault as Fault)
      const greeter = openGreeter({ baseUrl: server.origin, protocol, httpVersion, ...edge.transport })
      const calls = Object.values(MODES).map((call) => outcomeOf(call(greeter, edge)))
      expect(await Promise.all(calls)).toHaveLength(3)
      await expectNothingLeft(greeter)
      await greeter.transport.close()
    }
    await expect.poll(() => open.size).toBe(0)
  })
})

/** Counters are even: what has started has ended. */
async function expectNothingLeft({ transport }: OpenGreeter): Promise<void> {
  const { calls, addresses, queuedPicks } = transport.inspect()
  expect([calls.succeeded + calls.failed, queuedPicks]).toEqual([calls.started, 0])
  for (const { calls: attempts } of addresses) expect(attempts.succeeded + attempts.failed).toBe(attempts.started)
  const openStreams = (): number[] =>
    transport.inspect().addresses.flatMap(({ connections }) => connections.map((connection) => connection.openStreams))
  await expect.poll(() => Math.max(0, ...openStreams())).toBe(0)
}

describe.each(CLIENT_WAYS)('$protocol over HTTP/$httpVersion', ({ protocol, httpVersion }) => {
  test('an observer that throws in every call is reported once, and no call fails', async () => {
    const { server } = await startServer()
    const { client } = openGreeter({
      baseUrl: server.origin,
      protocol,
      httpVersion,
      observers: [{ onStart: () => ({ onAttempt: throws, onEnd: FAULTS.rejects }) as never }],
    })
    for (let i = 0; i < 3; i++) expect(await client.sayHello({ name: 'a' })).toMatchObject({ message: 'a' })
    expect(await client.putStream(twoMessages())).toMatchObject({ accepted: 2n })
    await sleep(0)
    expect(warnings).toEqual(['an observer of calls failed: a fault'])
  })

  test.each([true, false])(
    'a message that cannot be serialized (binary: %s) ends its call',
    async (useBinaryFormat) => {
      const { server } = await startServer()
      const greeter = openGreeter({ baseUrl: server.origin, protocol, httpVersion, useBinaryFormat })
      const text = { toString: throws }
      const unwritable = { name: text, topic: text } as never
      async function* input() {
        yield unwritable
      }
      await expect(greeter.client.sayHello(unwritable)).rejects.toMatchObject({ code: Code.Internal })
      await expect(greeter.client.putStream(input())).rejects.toMatchObject({ code: Code.Internal })
      await expect(collect(greeter.client.getStream(unwritable))).rejects.toMatchObject({ code: Code.Internal })
      await expectNothingLeft(greeter)
    },
  )
})
