/** Responses of a proxy instead of a server, with or without a page: retry policies see their code in every protocol. */
import { Code } from '@connectrpc/connect'
import { describe, expect, test } from 'vitest'
import { startHttpServer } from '../support/http-server.ts'
import { openGreeter } from '../support/open-greeter.ts'
import { retryConfig } from '../support/retry-config.ts'

const PAGE = '<html><head><title>Bad Gateway</title></head><body><h1>nginx</h1></body></html>'

describe.each([
  { protocol: 'grpc', httpVersion: '2' },
  { protocol: 'grpc-web', httpVersion: '2' },
  { protocol: 'grpc-web', httpVersion: '1.1' },
  { protocol: 'connect', httpVersion: '2' },
  { protocol: 'connect', httpVersion: '1.1' },
] as const)('$protocol over HTTP/$httpVersion', ({ protocol, httpVersion }) => {
  /** A server behind a proxy that responds to the first calls itself. */
  async function open(status: number, body: string | undefined, times: number) {
    const server = await startHttpServer({
      httpVersion,
      greeter: {
        sayHello: () => ({ message: 'Hello' }),
        async *getStream() {
          yield { topic: 'a' }
        },
      },
      answer(_request, response, count) {
        if (count >= times) return false
        response.statusCode = status
        if (body !== undefined) response.setHeader('content-type', 'text/html')
        response.end(body ?? '')
        return true
      },
    })
    const { client } = openGreeter({
      baseUrl: server.origin,
      protocol,
      httpVersion,
      serviceConfig: retryConfig(4, 'UNAVAILABLE'),
    })
    return { client, server }
  }

  test.each([429, 502, 503, 504].flatMap((status) => [undefined, PAGE].map((body) => [status, body] as const)))(
    'retries HTTP %i with the body %j',
    async (status, body) => {
      const { client, server } = await open(status, body, 2)
      expect(await client.sayHello({})).toMatchObject({ message: 'Hello' })
      expect(server.heads).toHaveLength(3)
      const streamed = await open(status, body, 2)
      const topics: string[] = []
      for await (const { topic } of streamed.client.getStream({})) topics.push(topic)
      expect(topics).toEqual(['a'])
      expect(streamed.server.heads).toHaveLength(3)
    },
  )

  test.each([
    [401, Code.Unauthenticated],
    [403, Code.PermissionDenied],
    [404, Code.Unimplemented],
    [500, Code.Unknown],
  ])('does not retry HTTP %i with a page', async (status, code) => {
    const { client, server } = await open(status, PAGE, 1)
    await expect(client.sayHello({})).rejects.toMatchObject({ code })
    expect(server.heads).toHaveLength(1)
  })
})
