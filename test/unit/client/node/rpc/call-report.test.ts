import { Code, createClient } from '@connectrpc/connect'
import { describe, expect, test } from 'vitest'
import type { MethodConfig } from '../../../../../client/node/service-config/method-config.ts'
import { GreeterService } from '../../../../../gen/greeter/v1/greeter_pb.js'
import type { AttemptStart, CallEnd, CallObserver, CallStart } from '../../../../../wire/call-observer.ts'
import type { Compression } from '../../../../../wire/compression/compression.ts'
import { configOf } from '../../../../support/config-of.ts'
import { hello, openFakeTransport } from '../../../../support/fake-transport.ts'
import { settled } from '../../../../support/settled.ts'

const RETRYABLE = new Set([Code.Unavailable])
const RETRY = { maxAttempts: 2, initialBackoffMs: 1_000, maxBackoffMs: 1_000, backoffMultiplier: 1 }
const HEDGING = { maxAttempts: 2, hedgingDelayMs: 0, nonFatalCodes: RETRYABLE }

/** Records all its calls. */
class Notes implements CallObserver {
  readonly lines: string[] = []
  readonly starts: CallStart[] = []
  readonly ends: CallEnd[] = []

  onStart(call: CallStart) {
    let attempts = 0
    const { method, target, header } = call
    this.starts.push(call)
    this.#note(`call ${method?.name} of ${target} with ${[...header.keys()].join()}`)
    return {
      onResolved: (delayMs: number) => this.#note(`resolved ${delayMs}`),
      onRetryDelay: (delayMs: number) => this.#note(`delay ${delayMs}`),
      onEnd: (end: CallEnd) => {
        this.ends.push(end)
        this.#note(`end ${end.code ?? 'OK'}`)
      },
      onAttempt: ({ previousAttempts, isTransparentRetry, isHedge }: AttemptStart) => {
        const n = ++attempts
        this.#note(`${n} begins ${[previousAttempts, isTransparentRetry && 'again', isHedge && 'hedge'].join(' ')}`)
        return {
          fields: [
            { name: 'x-trace', value: `${n}` },
            { name: 'Not Fit', value: 'for the wire' },
          ],
          onPicked: (peer: string, delayMs: number) => this.#note(`${n} picked ${peer} ${delayMs}`),
          onSent: (...bytes: number[]) => this.#note(`${n} sent ${bytes.join(' ')}`),
          onReceived: (...bytes: number[]) => this.#note(`${n} received ${bytes.join(' ')}`),
          onEnd: (error: { code: Code } | null) => this.#note(`${n} ends ${error?.code ?? 'OK'}`),
        }
      },
    }
  }

  #note(line: string): void {
    this.lines.push(line.replaceAll('false', '').trimEnd())
  }
}

function open(method: Partial<MethodConfig> = {}) {
  const notes = new Notes()
  const parts = { config: configOf(method), observer: notes }
  const fake = openFakeTransport({ parts, settings: { sendCompression: halving } })
  return { ...fake, notes, client: createClient(GreeterService, fake.transport) }
}

/** Sends half of it. */
const halving: Compression = {
  name: 'half',
  compress: (data) => data.subarray(0, data.byteLength / 2),
  decompress: (data) => data,
}

describe('observers see', () => {
  test('a successful call', async () => {
    const { client, connect, clock, streams, notes } = open()
    const calling = client.sayHello({ name: 'Ada!' }, { headers: { 'x-a': 'b' } })
    await settled()
    clock.advance(30)
    await connect()
    const [stream] = streams()
    if (stream !== undefined) hello(stream)
    await calling
    expect(notes.lines).toEqual([
      'call SayHello of test:///somewhere with x-a',
      '1 begins 0',
      '1 picked fake 30',
      '1 sent 3 6',
      '1 received 7 7',
      '1 ends OK',
      'end OK',
    ])
    expect(stream?.head).toMatchObject({ 'x-a': 'b', 'x-trace': '1' })
  })

  test('a stream, message by message', async () => {
    const { client, connect, streams, notes } = open()
    const reading = (async () => {
      for await (const { topic } of client.getStream({ topic: 'abcd' })) expect(topic).toBe('')
    })()
    await connect()
    for (let i = 0; i < 2; i++) streams()[0]?.answer(new Uint8Array(0))
    streams()[0]?.finish(0)
    await reading
    expect(notes.lines.slice(2)).toEqual([
      '1 picked fake 0',
      '1 sent 3 6',
      '1 received 0 0',
      '1 received 0 0',
      '1 ends OK',
      'end OK',
    ])
  })

  test('retries, and how long they wait', async () => {
    const { client, connect, clock, streams, notes } = open({ retryPolicy: { ...RETRY, retryableCodes: RETRYABLE } })
    const failed = expect(client.sayHello({})).rejects.toMatchObject({ code: Code.Unavailable })
    await connect()
    streams()[0]?.fail({ isUnprocessed: true, code: 7 })
    streams()[1]?.finish(Code.Unavailable)
    clock.advance(1_010)
    streams()[2]?.finish(Code.Unavailable)
    await failed
    expect(notes.lines.filter((line) => !line.includes('sent') && !line.includes('picked'))).toEqual([
      'call SayHello of test:///somewhere with',
      '1 begins 0',
      '1 ends 14',
      '2 begins 0 again',
      '2 ends 14',
      'delay 1000',
      '3 begins 1',
      '3 ends 14',
      'end 14',
    ])
  })

  test('hedged attempts, one of which is cancelled', async () => {
    const { client, connect, streams, notes } = open({ hedgingPolicy: HEDGING })
    const calling = client.sayHello({})
    await connect()
    const [, second] = streams()
    if (second !== undefined) hello(second)
    await calling
    expect(notes.lines.filter((line) => /begins|ends|end /.test(line))).toEqual([
      '1 begins 0',
      '2 begins 1  hedge',
      '1 ends 1',
      '2 ends OK',
      'end OK',
    ])
  })

  test('a call that no server processed', async () => {
    const { client, channel, notes } = open()
    const failed = expect(client.sayHello({})).rejects.toMatchObject({ code: Code.Canceled })
    await settled()
    channel.close()
    await failed
    expect(notes.lines.slice(1)).toEqual(['1 begins 0', '1 ends 1', 'end 1'])
  })
})

test('observer headers replace those of the caller', async () => {
  const { client, connect, streams } = open()
  const calling = client.sayHello({}, { headers: { 'x-trace': 'mine', 'x-other': 'mine' } })
  await connect()
  const [stream] = streams()
  if (stream !== undefined) hello(stream)
  await calling
  expect(stream?.head).toMatchObject({ 'x-trace': '1', 'x-other': 'mine' })
  expect(Object.keys(stream?.head ?? {})).not.toContain('Not Fit')
})

describe('the start and the end of a call', () => {
  test('identify it, and total the bytes and messages of all attempts', async () => {
    const { client, clock, connect, streams, notes } = open({ retryPolicy: { ...RETRY, retryableCodes: RETRYABLE } })
    const calling = client.sayHello({ name: 'Ada!' })
    await connect()
    clock.advance(10)
    streams()[0]?.finish(Code.Unavailable)
    clock.advance(1_010)
    const [, second] = streams()
    if (second !== undefined) hello(second)
    await calling
    expect(notes.starts).toEqual([
      {
        side: 'client',
        protocol: 'grpc',
        path: '/greeter.v1.GreeterService/SayHello',
        method: GreeterService.method.sayHello,
        httpMethod: 'POST',
        httpVersion: undefined,
        header: new Headers(),
        peer: '',
        target: 'test:///somewhere',
        startedAtMs: expect.any(Number),
      },
    ])
    expect(notes.ends).toEqual([
      {
        code: undefined,
        error: null,
        httpStatus: 200,
        sentMessages: 2,
        sentBytes: 2 * (5 + 3),
        receivedMessages: 1,
        receivedBytes: 5 + 7,
        durationMs: 1_020,
        peer: 'fake',
      },
    ])
  })

  test('are reported without peer and status if there was no connection', async () => {
    const { client, clock, notes } = open()
    const failed = expect(client.sayHello({}, { timeoutMs: 50 })).rejects.toThrow()
    await settled()
    clock.advance(60)
    await failed
    expect(notes.ends).toMatchObject([{ code: Code.DeadlineExceeded, httpStatus: undefined, peer: '', durationMs: 50 }])
    expect(notes.ends[0]?.error).toMatchObject({ code: Code.DeadlineExceeded })
  })
})

test('a call that no observer follows is unchanged', async () => {
  const fake = openFakeTransport({ parts: { observer: { onStart: () => null } } })
  const calling = createClient(GreeterService, fake.transport).sayHello({})
  await fake.connect()
  const [stream] = fake.streams()
  if (stream !== undefined) hello(stream)
  await calling
})
