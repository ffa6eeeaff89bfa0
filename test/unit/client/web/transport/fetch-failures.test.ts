/** What fetch fails with has a code that circuit breakers and retries go by. */
import { Code, ConnectError } from '@connectrpc/connect'
import { describe, expect, test } from 'vitest'
import { circuitBreaker, createClient, createWebTransport } from '../../../../../client/web/public.ts'
import { GreeterService } from '../../../../../gen/greeter/v1/greeter_pb.js'

type Fetch = typeof globalThis.fetch

describe.each(['connect', 'grpc-web'] as const)('%s', (protocol) => {
  const open = (fetch: Fetch, options = {}) =>
    createClient(GreeterService, createWebTransport({ protocol, baseUrl: 'http://server', fetch, ...options }))

  /** The errors of a unary call and of a stream. */
  async function failuresOf(fetch: Fetch, signal = new AbortController().signal): Promise<ConnectError[]> {
    const client = open(fetch)
    const calls = [
      () => client.sayHello({}, { signal }),
      async () => {
        for await (const { data } of client.getStream({}, { signal })) expect.unreachable(data)
      },
    ]
    const failures: ConnectError[] = []
    for (const call of calls) {
      await call().then(
        () => expect.unreachable('no failure'),
        (error) => failures.push(ConnectError.from(error)),
      )
    }
    return failures
  }

  const codesOf = (errors: ConnectError[]) => errors.map(({ code }) => code)

  test.each(['Failed to fetch', 'NetworkError when attempting to fetch resource.', 'Load failed'])(
    'an unreachable server is UNAVAILABLE: %s',
    async (text) => {
      const failures = await failuresOf(async () => {
        throw new TypeError(text)
      })
      expect(codesOf(failures)).toEqual([Code.Unavailable, Code.Unavailable])
      for (const { rawMessage, cause } of failures) {
        expect(rawMessage).toBe(`the server cannot be reached: ${text}`)
        expect(cause).toBeInstanceOf(TypeError)
      }
    },
  )

  test('a truncated response is UNAVAILABLE', async () => {
    const failures = await failuresOf(async (_url, init) => {
      const body = new ReadableStream({ pull: (controller) => controller.error(new TypeError('network error')) })
      return new Response(body, { headers: { 'content-type': new Headers(init?.headers).get('content-type') ?? '' } })
    })
    expect(codesOf(failures)).toEqual([Code.Unavailable, Code.Unavailable])
    expect(failures[0]?.rawMessage).toBe('the connection was lost: network error')
  })

  test.each(['text/html', 'text/html; charset=utf-8', 'application/vnd.other', 'application/grpc-webby'])(
    'a response of 200 with %s names its content type',
    async (contentType) => {
      let cancelled = 0
      const body = () =>
        new ReadableStream({
          cancel() {
            cancelled += 1
          },
        })
      const failures = await failuresOf(async () => new Response(body(), { headers: { 'content-type': contentType } }))
      expect(codesOf(failures)).toEqual([Code.Unknown, Code.Unknown])
      for (const { rawMessage } of failures) expect(rawMessage).toBe(`unsupported content type ${contentType}`)
      if (protocol === 'grpc-web') expect(cancelled).toBe(2)
    },
  )

  test.each([
    [502, Code.Unavailable],
    [503, Code.Unavailable],
    [504, Code.Unavailable],
    [429, Code.Unavailable],
    [401, Code.Unauthenticated],
    [403, Code.PermissionDenied],
    [404, Code.Unimplemented],
  ])('a page with the status %i has the code %i', async (status, code) => {
    const page = () => new Response('<h1>nginx</h1>', { status, headers: { 'content-type': 'text/html' } })
    expect(codesOf(await failuresOf(async () => page()))).toEqual([code, code])
  })

  test('a call cancelled by the caller is CANCELED', async () => {
    const aborted = AbortSignal.abort()
    const failures = await failuresOf(async (_url, init) => {
      init?.signal?.throwIfAborted()
      throw new TypeError('Failed to fetch')
    }, aborted)
    expect(codesOf(failures)).toEqual([Code.Canceled, Code.Canceled])
  })

  test('the circuit breaker opens when the server is unreachable', async () => {
    let requests = 0
    const client = open(
      async () => {
        requests += 1
        throw new TypeError('Failed to fetch')
      },
      { interceptors: [circuitBreaker({ minRequests: 5, random: () => 0 })] },
    )
    const texts: string[] = []
    for (let call = 0; call < 20; call++) {
      await client.sayHello({}).catch((error) => texts.push(ConnectError.from(error).rawMessage))
    }
    expect(requests).toBeLessThan(10)
    expect(texts.at(-1)).toContain('circuit breaker')
  })

  test('a stream that its reader leaves aborts its request', async () => {
    let signal: AbortSignal | null | undefined
    const client = open(async (_url, init) => {
      signal = init?.signal
      const contentType = new Headers(init?.headers).get('content-type') ?? ''
      const message = contentType.endsWith('json') ? new TextEncoder().encode('{"data":"a"}') : Uint8Array.of(34, 1, 97)
      const envelope = Uint8Array.of(0, 0, 0, 0, message.byteLength, ...message)
      const body = new ReadableStream({ start: (controller) => controller.enqueue(envelope) })
      return new Response(body, { headers: { 'content-type': contentType } })
    })
    for await (const message of client.getStream({})) {
      expect(message.$typeName).toBe('greeter.v1.GetStreamResponse')
      break
    }
    expect(signal?.aborted).toBe(true)
  })
})
