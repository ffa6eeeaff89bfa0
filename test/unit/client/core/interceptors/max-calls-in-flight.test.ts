import { Code, type ConnectError, createClient, createRouterTransport } from '@connectrpc/connect'
import { describe, expect, test } from 'vitest'
import { maxCallsInFlight } from '../../../../../client/core/interceptors/max-calls-in-flight.ts'
import { GreeterService } from '../../../../../gen/greeter/v1/greeter_pb.js'
import { collect } from '../../../../support/collect.ts'

/** A greeter that responds on command. */
function setUp(maxCalls: number) {
  const release = Promise.withResolvers<void>()
  let handled = 0
  const transport = createRouterTransport(
    (router) =>
      router.service(GreeterService, {
        async sayHello() {
          handled += 1
          await release.promise
          return {}
        },
        async *getStream({ topic }) {
          handled += 1
          yield { topic }
          await release.promise
        },
      }),
    { transport: { interceptors: [maxCallsInFlight({ maxCalls })] } },
  )
  return { client: createClient(GreeterService, transport), release, handled: () => handled }
}

const FULL = { code: Code.Unavailable, rawMessage: 'limit of 2 concurrent calls reached' }

describe('GV-5', () => {
  test('a call above the limit fails at once, and never reaches the server', async () => {
    const { client, release, handled } = setUp(2)
    const calls = [client.sayHello({}), client.sayHello({})]
    await expect(client.sayHello({})).rejects.toMatchObject(FULL)
    release.resolve()
    await Promise.all(calls)
    expect(handled()).toBe(2)
  })

  test('a finished call frees its place', async () => {
    const { client, release } = setUp(1)
    release.resolve()
    for (let i = 0; i < 3; i++) await client.sayHello({})
  })

  test('a stream counts until it ends', async () => {
    const { client, release } = setUp(2)
    const streams = [0, 1].map(() => client.getStream({})[Symbol.asyncIterator]())
    for (const stream of streams) expect(await stream.next()).toMatchObject({ done: false })
    await expect(client.sayHello({})).rejects.toMatchObject(FULL)
    release.resolve()
    expect(await streams[0]?.next()).toMatchObject({ done: true })
    await client.sayHello({})
  })

  test('a cancelled stream frees its place, even if it is no longer read', async () => {
    const { client, release } = setUp(1)
    const caller = new AbortController()
    const stream = client.getStream({}, { signal: caller.signal })[Symbol.asyncIterator]()
    await stream.next()
    caller.abort()
    release.resolve()
    expect(await collect(client.getStream({}))).toHaveLength(1)
  })

  test('failed calls free their places', async () => {
    const { client, release } = setUp(1)
    const aborted = client.sayHello({}, { signal: AbortSignal.abort() })
    await aborted.catch((error: ConnectError) => expect(error.code).toBe(Code.Canceled))
    release.resolve()
    await client.sayHello({})
  })
})

test.each([0, -1, 1.5, Number.NaN])('rejects maxCalls of %d', (maxCalls) => {
  const text = `maxCalls is ${maxCalls}, and must be a whole number from 1`
  expect(() => maxCallsInFlight({ maxCalls })).toThrow(new RangeError(text))
})
