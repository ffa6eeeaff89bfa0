import { setImmediate } from 'node:timers/promises'
import { Code, ConnectError } from '@connectrpc/connect'
import { describe, expect, test } from 'vitest'
import type {
  AttemptObservation,
  AttemptStart,
  CallEnd,
  CallObservation,
  CallObserver,
  CallStart,
  CallTrace,
} from '../../../wire/call-observer.ts'
import { guardObservers } from '../../../wire/guard-observers.ts'
import { thenable, throwingThenable } from '../../support/thenables.ts'

const START: CallStart = {
  side: 'client',
  protocol: 'grpc',
  path: '/a.B/C',
  method: undefined,
  httpMethod: 'POST',
  httpVersion: undefined,
  header: new Headers(),
  peer: '',
  target: 'dns:///a',
  startedAtMs: 1,
}

const END: CallEnd = {
  code: Code.NotFound,
  error: new ConnectError('no such thing', Code.NotFound),
  httpStatus: 200,
  receivedBytes: 1,
  sentBytes: 2,
  receivedMessages: 3,
  sentMessages: 4,
  durationMs: 5,
  peer: '127.0.0.1:1',
}

const ATTEMPT: AttemptStart = { previousAttempts: 0, isTransparentRetry: false, isHedge: false }

/** All events of an observer, by name. */
function recorder(name: string, heard: string[]): CallObserver {
  const note = (what: string) => heard.push(`${name} ${what}`)
  return {
    onStart: ({ path }) => {
      note(`start ${path}`)
      return {
        onResolved: (delayMs) => void note(`resolved ${delayMs}`),
        onRetryDelay: (delayMs) => void note(`delay ${delayMs}`),
        onSent: (...sizes) => void note(`sent ${sizes}`),
        onReceived: (...sizes) => void note(`received ${sizes}`),
        onEnd: ({ code }) => void note(`end ${code}`),
        onAttempt: () => ({
          fields: [{ name: `x-${name}`, value: '1' }],
          onPicked: (peer, delayMs) => void note(`picked ${peer} ${delayMs}`),
          onSent: (...sizes) => void note(`attempt sent ${sizes}`),
          onReceived: (...sizes) => void note(`attempt received ${sizes}`),
          onEnd: (error) => void note(`attempt end ${error?.code}`),
        }),
      }
    },
  }
}

/** Emits all events of a call. */
function observeCall(observer: CallObserver | null): readonly string[] {
  const call = observer?.onStart(START)
  call?.onResolved?.(1)
  const attempt = call?.onAttempt?.(ATTEMPT)
  const fields = attempt?.fields?.map(({ name }) => name) ?? []
  attempt?.onPicked?.('peer', 2)
  attempt?.onSent?.(3, 4)
  attempt?.onReceived?.(5, 6)
  attempt?.onEnd(END.error)
  call?.onRetryDelay?.(7)
  call?.onSent?.(8, 9)
  call?.onReceived?.(10, 11)
  call?.onEnd(END)
  return fields
}

const failTest = (thrown: unknown): never => expect.fail(String(thrown))

test('no observers yield none', () => {
  expect(guardObservers([], () => {})).toBeNull()
})

test('all observers are called, in order', () => {
  const heard: string[] = []
  const fields = observeCall(guardObservers([recorder('a', heard), recorder('b', heard)], failTest))
  expect(fields).toEqual(['x-a', 'x-b'])
  const steps = ['start /a.B/C', 'resolved 1', 'picked peer 2', 'attempt sent 3,4', 'attempt received 5,6']
  const more = ['attempt end 5', 'delay 7', 'sent 8,9', 'received 10,11', 'end 5']
  expect(heard).toEqual([...steps, ...more].flatMap((step) => [`a ${step}`, `b ${step}`]))
})

test('a call that no observer follows is not observed', () => {
  const observer = guardObservers([{ onStart: () => null }, { onStart: () => null }], failTest)
  expect(observer?.onStart(START)).toBeNull()
})

test('optional callbacks can be left out', () => {
  const ends: CallEnd[] = []
  const bare: CallObserver = { onStart: () => ({ onEnd: (end) => void ends.push(end) }) }
  expect(observeCall(guardObservers([bare], failTest))).toEqual([])
  expect(ends).toEqual([END])
})

const fault = new Error('an observer failed')

const FAILURES: Readonly<Record<string, () => never>> = {
  throws() {
    throw fault
  },
  'returns a promise that rejects': () => Promise.reject(fault) as never,
  'returns a thenable that rejects': () => thenable((_resolve, reject) => reject(fault)) as never,
  'returns a thenable whose then throws': () => throwingThenable(fault) as never,
}

/** Observers that fail at one step, and receive nothing after it. */
const STEPS: Readonly<Record<string, (fail: () => never) => CallObserver>> = {
  onStart: (fail) => ({ onStart: fail }),
  onResolved: (onResolved) => ({ onStart: () => ({ onResolved, onEnd() {} }) }),
  onRetryDelay: (onRetryDelay) => ({ onStart: () => ({ onRetryDelay, onEnd() {} }) }),
  onSent: (onSent) => ({ onStart: () => ({ onSent, onEnd() {} }) }),
  onReceived: (onReceived) => ({ onStart: () => ({ onReceived, onEnd() {} }) }),
  onEnd: (onEnd) => ({ onStart: () => ({ onEnd }) }),
  onAttempt: (onAttempt) => ({ onStart: () => ({ onAttempt, onEnd() {} }) }),
  'fields of an attempt': (fail) => attemptObserver(Object.defineProperty({ onEnd() {} }, 'fields', { get: fail })),
  'onPicked of an attempt': (onPicked) => attemptObserver({ onPicked, onEnd() {} }),
  'onSent of an attempt': (onSent) => attemptObserver({ onSent, onEnd() {} }),
  'onReceived of an attempt': (onReceived) => attemptObserver({ onReceived, onEnd() {} }),
  'onEnd of an attempt': (onEnd) => attemptObserver({ onEnd }),
}

function attemptObserver(attempt: AttemptObservation): CallObserver {
  return { onStart: () => ({ onAttempt: () => attempt, onEnd() {} }) }
}

const CASES = Object.entries(STEPS).flatMap(([step, make]) =>
  Object.entries(FAILURES).map(([failure, fail]) => [step, failure, make(fail)] as const),
)

test.each(CASES)('%s that %s is reported once, and affects no other connection', async (_step, _failure, observer) => {
  const heard: string[] = []
  const faults: unknown[] = []
  const report = (thrown: unknown) => void faults.push(thrown)
  const fields = observeCall(guardObservers([recorder('a', heard), observer, recorder('b', heard)], report))
  await setImmediate()
  expect(faults).toHaveLength(1)
  expect(fields).toEqual(['x-a', 'x-b'])
  expect(heard.filter((step) => step.startsWith('b '))).toHaveLength(10)
  expect(heard.filter((step) => step.startsWith('a '))).toHaveLength(10)
})

test('an observer that threw sees no more of that call, and sees the next one', () => {
  const heard: string[] = []
  const faults: unknown[] = []
  const observation: CallObservation = {
    onSent() {
      throw fault
    },
    onEnd: () => void heard.push('end'),
  }
  const observer = guardObservers([{ onStart: () => observation }], (thrown) => void faults.push(thrown))
  for (let calls = 0; calls < 2; calls += 1) {
    const call = observer?.onStart(START)
    call?.onSent?.(1, 1)
    call?.onSent?.(1, 1)
    call?.onEnd(END)
  }
  expect(faults).toEqual([fault, fault])
  expect(heard).toEqual([])
})

describe('the trace of a call', () => {
  const trace = (more: Partial<CallTrace> = {}): CallTrace => ({
    ids: { traceId: 't', spanId: 's' },
    isSampled: true,
    fields: [{ name: 'traceparent', value: 'x' }],
    runInContext: (run) => run(),
    ...more,
  })
  const tracer = (given: CallTrace | undefined): CallObserver => ({
    onStart: () => ({ ...(given && { trace: given }), onEnd() {} }),
  })

  test('is that of the first observer that has one', () => {
    const [first, second] = [trace(), trace({ ids: { traceId: 'u', spanId: 'v' } })]
    const call = guardObservers([tracer(undefined), tracer(first), tracer(second)], () => {})?.onStart(START)
    expect(call?.trace).toMatchObject({ ids: first.ids, isSampled: true, fields: first.fields })
  })

  test('is absent if no observer has one', () => {
    expect(guardObservers([tracer(undefined)], () => {})?.onStart(START)?.trace).toBeUndefined()
  })

  test.each([
    ['throws before it runs the code', { runInContext: fail }, 1],
    [
      'throws after it has run the code',
      {
        runInContext(run: () => void) {
          run()
          fail()
        },
      },
      1,
    ],
    ['does not run the code', { runInContext() {} }, 0],
    [
      'runs the code twice',
      {
        runInContext(run: () => void) {
          run()
          run()
        },
      },
      0,
    ],
  ])('runs the code of the call once if it %s', (_what, faulty, faultCount) => {
    const faults: unknown[] = []
    const call = guardObservers([tracer(trace(faulty))], (thrown) => void faults.push(thrown))?.onStart(START)
    let runs = 0
    call?.trace?.runInContext(() => {
      runs += 1
    })
    expect([runs, faults.length]).toEqual([1, faultCount])
  })

  test('has no fields if they cannot be read', () => {
    const faulty: CallTrace = {
      ...trace(),
      get fields() {
        return fail()
      },
    }
    const faults: unknown[] = []
    const call = guardObservers([tracer(faulty)], (thrown) => void faults.push(thrown))?.onStart(START)
    expect(call?.trace?.fields).toEqual([])
    expect(faults).toEqual([fault])
  })
})

function fail(): never {
  throw fault
}
