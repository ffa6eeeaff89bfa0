import { Code, ConnectError, createClient, createRouterTransport } from '@connectrpc/connect'
import { describe, expect, it } from 'vitest'
import type { WatchState } from '../../../../client/core/watch-stream-options.ts'
import { type WatchTopicOptions, watchTopic } from '../../../../client/demo/watch-topic.ts'
import { type GetStreamRequest, GreeterService } from '../../../../gen/greeter/v1/greeter_pb.js'
import { createGreeterService } from '../../../../server/demo/greeter/greeter-service.ts'
import { createMemoryTopicHub } from '../../../../server/demo/topics/memory-topic-hub.ts'

const TOPIC = 'room'

/** What the server does with one call: sends messages of these sequences, then ends, fails, or stays open until the client leaves. */
interface ScriptedCall {
  readonly sequences?: readonly number[]
  readonly failsWith?: Code
  readonly lasts?: boolean
}

function scriptedServer(calls: readonly ScriptedCall[], onCall = () => {}) {
  const requests: GetStreamRequest[] = []
  let leftCalls = 0
  const transport = createRouterTransport(({ service }) => {
    service(GreeterService, {
      async *getStream(request, { signal }) {
        const call = calls[requests.length]
        requests.push(request)
        const left = new Promise<void>((resolve) => {
          signal.addEventListener('abort', () => resolve())
          if (signal.aborted) resolve()
        }).then(() => {
          leftCalls += 1
        })
        if (call === undefined) throw new ConnectError('the script is over', Code.FailedPrecondition)
        for (const sequence of call.sequences ?? []) yield { topic: TOPIC, sequence: BigInt(sequence) }
        if (call.failsWith !== undefined) throw new ConnectError('as the script says', call.failsWith)
        onCall()
        if (call.lasts === true) await left
      },
    })
  })
  const afterSequences = () => requests.map((request) => request.afterSequence)
  return { client: createClient(GreeterService, transport), requests, afterSequences, leftCalls: () => leftCalls }
}

/** Starts a watch, and returns what was received until it failed or `count` messages arrived. */
async function watchAll(
  server: ReturnType<typeof scriptedServer>,
  options: Partial<WatchTopicOptions> = {},
  count = Infinity,
) {
  const sequences: number[] = []
  const states: WatchState[] = []
  const delaysMs: number[] = []
  const sleep = async (delayMs: number) => void delaysMs.push(delayMs)
  const onState = (state: WatchState) => void states.push(state)
  let error: unknown
  try {
    const watch = watchTopic(server.client, { topic: TOPIC, sleep, onState, random: () => 0.5, ...options })
    for await (const { sequence } of watch) if (sequences.push(Number(sequence)) === count) break
  } catch (reason) {
    error = reason
  }
  return { sequences, states, delaysMs, error }
}

describe('watchTopic', () => {
  it('resumes after the last sequence, with nothing missing and nothing repeated', async () => {
    const server = scriptedServer([
      { sequences: [4, 5], failsWith: Code.Unavailable },
      { sequences: [6], failsWith: Code.Unknown },
      { sequences: [7, 8] },
    ])
    const { sequences } = await watchAll(server, { afterSequence: 3n })
    expect(sequences).toEqual([4, 5, 6, 7, 8])
    expect(server.afterSequences()).toEqual([3n, 5n, 6n, 8n])
  })

  it('requests only new messages until it has seen one', async () => {
    const server = scriptedServer([{ failsWith: Code.Unavailable }, { sequences: [9] }])
    await watchAll(server)
    expect(server.afterSequences()).toEqual([undefined, undefined, 9n])
  })

  it('follows a server that restarts its numbering', async () => {
    const server = scriptedServer([{ sequences: [40, 41] }, { sequences: [1, 2, 3] }])
    const { sequences } = await watchAll(server)
    expect(sequences).toEqual([40, 41, 1, 2, 3])
    expect(server.afterSequences()).toEqual([undefined, 41n, 3n])
  })

  it('reads everything from a real hub that restarted', async () => {
    const hubs = [createMemoryTopicHub(), createMemoryTopicHub()]
    const [before, after] = hubs
    if (before === undefined || after === undefined) throw new Error('two hubs are there')
    let hub = before
    const client = createClient(
      GreeterService,
      createRouterTransport(({ service }) => {
        service(GreeterService, {
          getStream: (request, context) => createGreeterService(hub).getStream(request, context),
        })
      }),
    )
    for (const data of ['a', 'b', 'c']) before.publish(TOPIC, data)
    // More than the watch has seen of the first hub: its sequence alone would name a message of the second one.
    for (const data of ['d', 'e', 'f', 'g']) after.publish(TOPIC, data)
    const restart = async () => {
      hub = after
    }
    const seen: string[] = []
    const resets: string[] = []
    for await (const { data, reset } of watchTopic(client, { topic: TOPIC, afterSequence: 0n, sleep: restart })) {
      if (reset) resets.push(data)
      if (seen.push(data) === 7) break
      if (data === 'c') before.close()
    }
    after.close()
    expect(seen).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'g'])
    expect(resets).toEqual(['d'])
  })

  it('reports each state once, in order', async () => {
    const server = scriptedServer([
      { sequences: [1], failsWith: Code.Unavailable },
      { sequences: [2], lasts: true },
    ])
    const { states } = await watchAll(server, {}, 2)
    expect(states.map(({ name }) => name)).toEqual(['connecting', 'live', 'waiting', 'connecting', 'live'])
    expect(states[2]).toMatchObject({ error: { code: Code.Unavailable }, delayMs: 500, failures: 1 })
  })

  it('backs off after each failure, and resets the backoff after a message', async () => {
    const fails = { failsWith: Code.Unavailable }
    const server = scriptedServer([fails, fails, fails, { sequences: [1], ...fails }, fails])
    const { delaysMs } = await watchAll(server)
    expect(delaysMs).toEqual([500, 800, 1_280, 500, 800])
  })

  it('resets the backoff after a long quiet call', async () => {
    const clock = [0, 10, 10, 20, 20, 60_020]
    const fails = { failsWith: Code.Unavailable }
    const { delaysMs } = await watchAll(scriptedServer([fails, fails, fails]), { now: () => clock.shift() ?? 60_020 })
    expect(delaysMs).toEqual([500, 800, 500])
  })

  it.each([
    Code.InvalidArgument,
    Code.NotFound,
    Code.AlreadyExists,
    Code.PermissionDenied,
    Code.Unauthenticated,
    Code.FailedPrecondition,
    Code.OutOfRange,
    Code.Unimplemented,
  ])('stops on code %i', async (code) => {
    const server = scriptedServer([{ sequences: [1], failsWith: code }])
    const { error, delaysMs } = await watchAll(server)
    expect(error).toMatchObject({ code, rawMessage: 'as the script says' })
    expect(delaysMs).toEqual([])
  })

  it.each([
    Code.Canceled,
    Code.Unknown,
    Code.DeadlineExceeded,
    Code.ResourceExhausted,
    Code.Aborted,
    Code.Internal,
    Code.Unavailable,
    Code.DataLoss,
  ])('retries on code %i', async (code) => {
    const server = scriptedServer([{ failsWith: code }, { sequences: [1], lasts: true }])
    const { sequences, error } = await watchAll(server, {}, 1)
    expect(sequences).toEqual([1])
    expect(error).toBeUndefined()
  })

  it('ends without an error when the signal aborts during a call', async () => {
    const abort = new AbortController()
    const server = scriptedServer([{ lasts: true }], () => abort.abort())
    const { error } = await watchAll(server, { signal: abort.signal })
    expect(error).toBeUndefined()
    expect(server.requests).toHaveLength(1)
    await expect.poll(server.leftCalls).toBe(1)
  })

  it('ends without an error when the signal aborts during a wait', async () => {
    const server = scriptedServer([{ failsWith: Code.Unavailable }])
    const abort = new AbortController()
    const sleep = async () => abort.abort()
    const { error } = await watchAll(server, { signal: abort.signal, sleep })
    expect(error).toBeUndefined()
    expect(server.requests).toHaveLength(1)
  })

  it('makes no call when the signal is already aborted', async () => {
    const server = scriptedServer([])
    await watchAll(server, { signal: AbortSignal.abort() })
    expect(server.requests).toEqual([])
  })

  it('ends the call at the server when the loop is left', async () => {
    const server = scriptedServer([{ sequences: [1], lasts: true }])
    await watchAll(server, {}, 1)
    await expect.poll(server.leftCalls).toBe(1)
  })

  it.each([-1n, 2n ** 64n])('rejects the sequence %s', async (afterSequence) => {
    const { error } = await watchAll(scriptedServer([]), { afterSequence })
    expect(error).toEqual(
      new RangeError(`afterSequence is ${afterSequence}: it must be from 0 to 18446744073709551615`),
    )
  })
})
