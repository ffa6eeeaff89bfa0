/** Whatever servers, deadlines and callers do, a call ends once, and leaks neither streams nor timers. */
import { type CallOptions, type Client, Code, createClient } from '@connectrpc/connect'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { MethodConfig } from '../../client/node/service-config/method-config.ts'
import { RetryThrottle } from '../../client/node/service-config/retry-throttle.ts'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import type { CallObserver } from '../../wire/call-observer.ts'
import { headerField } from '../../wire/http2/http2.ts'
import { CLIENT_PROTOCOLS } from '../support/client-protocols.ts'
import { collect } from '../support/collect.ts'
import { configOf } from '../support/config-of.ts'
import type { FakeStream } from '../support/fake-stream.ts'
import { type FakeTransport, hello, openFakeTransport } from '../support/fake-transport.ts'
import { settled } from '../support/settled.ts'

const RUNS = { seed: 20_261_122, numRuns: 500 }
const TIMEOUT_MS = 60_000
const CANCEL = 8

const RETRIED = new Set([Code.Unavailable, Code.ResourceExhausted])
const CONFIGS: readonly Partial<MethodConfig>[] = [
  {},
  {
    retryPolicy: {
      maxAttempts: 4,
      initialBackoffMs: 500,
      maxBackoffMs: 4_000,
      backoffMultiplier: 2,
      retryableCodes: RETRIED,
    },
  },
  { hedgingPolicy: { maxAttempts: 4, hedgingDelayMs: 700, nonFatalCodes: RETRIED } },
  { hedgingPolicy: { maxAttempts: 3, hedgingDelayMs: 0, nonFatalCodes: RETRIED } },
]

/** What may happen to one of the streams that are open. */
const SERVER_ACTS: Readonly<Record<string, (stream: FakeStream) => void>> = {
  answer: (stream) => hello(stream),
  'a message': (stream) => stream.answer(new Uint8Array(0)),
  rubbish: (stream) => sendOctets(stream, 0xff, 0xff, 0xff),
  'half of a prefix': (stream) => sendOctets(stream, 0, 0),
  'a length of 4 GiB': (stream) => sendOctets(stream, 0, 0xff, 0xff, 0xff, 0xff),
  head: (stream) => stream.respondHead(),
  unavailable: (stream) => stream.finish(Code.Unavailable),
  exhausted: (stream) => stream.finish(Code.ResourceExhausted, [headerField('grpc-retry-pushback-ms', '1500')]),
  'no more': (stream) => stream.finish(Code.Unavailable, [headerField('grpc-retry-pushback-ms', '-1')]),
  denied: (stream) => stream.finish(Code.PermissionDenied),
  'not OK without a message': (stream) => stream.finish(0),
  refuse: (stream) => lose(stream, { code: 7, isUnprocessed: true }),
  reset: (stream) => lose(stream, { code: 2 }),
  'lose the connection': (stream) => lose(stream, { source: 'connection' }),
}

/** What else may happen. */
const OTHER_ACTS: Readonly<Record<string, (fake: FakeTransport, abort: AbortController) => void>> = {
  'time passes': ({ clock }) => clock.advance(900),
  'there is no room': ({ connector }) => {
    connector.last.canRequest = false
  },
  'there is room': ({ connector }) => connector.last.makeRoom(),
  'the caller leaves': (_fake, abort) => abort.abort(),
  'the channel closes': ({ channel }) => channel.close(),
}

const act = fc.oneof(
  { weight: 4, arbitrary: fc.record({ server: fc.constantFrom(...Object.keys(SERVER_ACTS)), stream: fc.nat(9) }) },
  { weight: 1, arbitrary: fc.record({ other: fc.constantFrom(...Object.keys(OTHER_ACTS)) }) },
)

/** Follows calls and attempts, and notes where one ends twice, or after its call. */
class Ledger implements CallObserver {
  readonly faults: string[] = []
  endedCalls = 0
  openAttempts = 0

  onStart() {
    const call = { isOver: false, attempts: 0 }
    return {
      onResolved: () => this.#expect(!call.isOver, 'resolved after the end'),
      onRetryDelay: () => this.#expect(!call.isOver, 'a retry after the end'),
      onEnd: () => {
        this.#expect(!call.isOver, 'a second end')
        this.#expect(call.attempts === 0, 'an attempt outlives its call')
        call.isOver = true
        this.endedCalls += 1
      },
      onAttempt: () => {
        const attempt = { isOver: false }
        this.#expect(!call.isOver, 'an attempt after the end')
        call.attempts += 1
        this.openAttempts += 1
        const whileOpen = (): void => this.#expect(!attempt.isOver, 'something of an attempt that is over')
        return {
          onPicked: whileOpen,
          onSent: whileOpen,
          onReceived: whileOpen,
          onEnd: () => {
            whileOpen()
            attempt.isOver = true
            call.attempts -= 1
            this.openAttempts -= 1
          },
        }
      },
    }
  }

  #expect(isSo: boolean, fault: string): void {
    if (!isSo) this.faults.push(fault)
  }
}

const lost = new WeakSet<FakeStream>()

function lose(stream: FakeStream, reset: Parameters<FakeStream['fail']>[0]): void {
  lost.add(stream)
  stream.fail(reset)
}

function sendOctets(stream: FakeStream, ...octets: readonly number[]): void {
  stream.respondHead()
  stream.sendOctets(Uint8Array.from(octets))
}

function isOpen(stream: FakeStream): boolean {
  return !stream.isPeerDone && stream.resetCode === undefined && !lost.has(stream)
}

async function* messages() {
  for (const data of ['a', 'b']) yield { topic: 't', data }
}

const MODES: Readonly<
  Record<string, (client: Client<typeof GreeterService>, options: CallOptions) => Promise<unknown>>
> = {
  unary: (client, options) => client.sayHello({ name: 'x' }, options),
  'server stream': (client, options) => collect(client.getStream({ topic: 't' }, options)),
  'client stream': (client, options) => client.putStream(messages(), options),
  'bidirectional stream': (client, options) => collect(client.allStream(messages(), options)),
}

test('calls end once, and leave nothing behind', async () => {
  const property = fc.asyncProperty(
    fc.constantFrom(...CLIENT_PROTOCOLS),
    fc.constantFrom(...CONFIGS),
    fc.constantFrom(...Object.keys(MODES)),
    fc.array(act, { maxLength: 25 }),
    async ({ protocol }, config, mode, acts) => {
      const ledger = new Ledger()
      const throttle = new RetryThrottle({ maxTokens: 10, tokenRatio: 0.5 })
      const fake = openFakeTransport({ parts: { protocol, config: configOf(config, throttle), observer: ledger } })
      const client = createClient(GreeterService, fake.transport)
      const abort = new AbortController()
      const options = { timeoutMs: TIMEOUT_MS, signal: abort.signal }
      const calls = Array.from({ length: 3 }, () => MODES[mode]?.(client, options))
      const ended = Promise.allSettled(calls)
      await fake.connect()
      for (const step of acts) {
        if ('other' in step) OTHER_ACTS[step.other]?.(fake, abort)
        else {
          const open = fake.streams().filter(isOpen)
          const stream = open[step.stream % Math.max(1, open.length)]
          if (stream !== undefined) SERVER_ACTS[step.server]?.(stream)
        }
        await settled()
      }
      fake.clock.advance(TIMEOUT_MS + 20)
      await ended
      expect(ledger).toMatchObject({ faults: [], endedCalls: 3, openAttempts: 0 })
      expect(fake.timers.size).toBe(0)
      for (const stream of fake.streams()) {
        expect(isOpen(stream)).toBe(false)
        if (stream.resetCode !== undefined) expect(stream.resetCode).toBe(CANCEL)
      }
      fake.channel.close()
    },
  )
  await fc.assert(property, RUNS)
})
