/** A pending read that a handler abandons settles when the call ends, so that its `finally` blocks run. */
import { Code, ConnectError, type ConnectRouter, type Interceptor } from '@connectrpc/connect'
import { describe, expect, onTestFinished, test } from 'vitest'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import { createApp } from '../../server/app.ts'
import { CLIENT_WAYS } from '../support/client-ways.ts'
import { startFastify } from '../support/demo-server.ts'
import { openGreeter } from '../support/open-greeter.ts'

type Way = (typeof CLIENT_WAYS)[number]

/** The outcome of a read that is not awaited. */
class LeftRead {
  readonly #ended = Promise.withResolvers<unknown>()
  readonly #begun = Promise.withResolvers<void>()
  hasCleanedUp = false
  messages = 0

  /** Resolves with what the read rejected with, or with `end`. */
  get outcome(): Promise<unknown> {
    return this.#ended.promise
  }

  /** Reads all, and resolves once it waits for a second message. */
  async start(requests: AsyncIterable<unknown>): Promise<void> {
    void this.#readAll(requests).then(() => this.#ended.resolve('end'), this.#ended.resolve)
    await this.#begun.promise
  }

  async #readAll(requests: AsyncIterable<unknown>): Promise<void> {
    try {
      for await (const _message of requests) {
        this.messages++
        this.#begun.resolve()
      }
    } finally {
      this.hasCleanedUp = true
    }
  }
}

const LANES = [
  { name: 'native', options: { lane: 'native' }, isHooked: false },
  { name: 'routed', options: { lane: 'native' }, isHooked: true },
  { name: 'reference', options: { lane: 'reference' }, isHooked: false },
] as const

const rewrap: Interceptor = (next) => (request) =>
  next(request.stream ? { ...request, message: passOn(request.message) } : request)

async function* passOn<M>(messages: AsyncIterable<M>): AsyncGenerator<M> {
  yield* messages
}

/** One message, and then nothing until the test is over. */
async function* oneMessage() {
  const { promise, resolve } = Promise.withResolvers<void>()
  onTestFinished(() => resolve())
  yield { topic: 'left', data: 'first' }
  await promise
}

async function startLane(
  { options, isHooked }: (typeof LANES)[number],
  routes: (router: ConnectRouter) => void,
  interceptors: readonly Interceptor[] = [],
): Promise<string> {
  const { fastify } = await createApp({ ...options, routes, interceptors, listen: { drainTimeoutMs: 0 } })
  if (isHooked) fastify.addHook('onRequest', async () => {})
  const { origin } = await startFastify(fastify)
  return origin
}

/** The error of the reader: the reason of the call's signal, or the error that ended the call. */
async function expectLeft(read: LeftRead): Promise<void> {
  const outcome = await read.outcome
  expect(outcome).not.toBe('end')
  expect(outcome).toBeInstanceOf(Error)
  expect(read).toMatchObject({ hasCleanedUp: true, messages: 1 })
}

const ENDS = [
  { name: 'returns', end: () => ({ accepted: 1n }), code: undefined },
  {
    name: 'throws',
    end: () => {
      throw new ConnectError('enough', Code.OutOfRange)
    },
    code: Code.OutOfRange,
  },
] as const

describe.each(LANES)('$name lane', (lane) => {
  describe.each(CLIENT_WAYS)('$protocol over HTTP/$httpVersion', (way: Way) => {
    test.each(ENDS)('rejects a pending read when a client-streaming handler $name', async ({ end, code }) => {
      const read = new LeftRead()
      const origin = await startLane(lane, (router) =>
        router.service(GreeterService, {
          async putStream(requests) {
            await read.start(requests)
            return end()
          },
        }),
      )
      const { client } = openGreeter({ baseUrl: origin, ...way })
      const call = client.putStream(oneMessage())
      if (code === undefined) await expect(call).resolves.toMatchObject({ accepted: 1n })
      else await expect(call).rejects.toMatchObject({ code })
      await expectLeft(read)
    })

    test('rejects a read through interceptors that is pending when the handler returns', async () => {
      const read = new LeftRead()
      const routes = (router: ConnectRouter) =>
        router.service(GreeterService, {
          async putStream(requests) {
            await read.start(requests)
            return { accepted: 1n }
          },
        })
      const origin = await startLane(lane, (router) => void routes(router), [rewrap, rewrap])
      const { client } = openGreeter({ baseUrl: origin, ...way })
      await client.putStream(oneMessage())
      await expectLeft(read)
    })

    test('rejects a read that starts after the call', async () => {
      const over = Promise.withResolvers<AsyncIterable<unknown>>()
      const origin = await startLane(lane, (router) =>
        router.service(GreeterService, {
          async putStream(requests) {
            over.resolve(requests)
            return { accepted: 0n }
          },
        }),
      )
      const { client } = openGreeter({ baseUrl: origin, ...way })
      await client.putStream(oneMessage())
      const iterator = (await over.promise)[Symbol.asyncIterator]()
      const drain = async () => {
        while (!(await iterator.next()).done);
      }
      await expect(drain()).rejects.toBeInstanceOf(Error)
    })

    // Bidirectional streams need HTTP/2.
    if (way.httpVersion !== '2') return
    test('rejects a read that is pending when a bidirectional handler ends', async () => {
      const read = new LeftRead()
      const origin = await startLane(lane, (router) =>
        router.service(GreeterService, {
          async *allStream(requests) {
            await read.start(requests)
            yield { data: 'answer' }
          },
        }),
      )
      const { client } = openGreeter({ baseUrl: origin, ...way })
      const answers: string[] = []
      for await (const { data } of client.allStream(oneMessage())) answers.push(data)
      expect(answers).toEqual(['answer'])
      await expectLeft(read)
    })
  })
})
