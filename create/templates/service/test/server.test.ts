/** The service over sockets: a server on a free port, and a client that calls it. */
import { createClient, createTransport } from 'portico/client'
import { createApp } from 'portico/server'
import { expect, onTestFinished, test } from 'vitest'
import { GuestbookService } from '../gen/my_service/v1/guestbook_pb.js'
import { routes } from '../src/routes.ts'

async function startServer(): Promise<string> {
  const { fastify } = await createApp({ routes })
  onTestFinished(() => fastify.close())
  return fastify.listen({ host: '127.0.0.1', port: 0 })
}

async function* letters(...texts: string[]) {
  for (const text of texts) yield { author: 'Ada', text }
}

test.each(['grpc', 'grpc-web', 'connect'] as const)('the four call modes over %s', async (protocol) => {
  const transport = createTransport({ baseUrl: await startServer(), protocol })
  onTestFinished(() => transport.close())
  const guestbook = createClient(GuestbookService, transport)

  expect(await guestbook.sign({ author: 'Ada', text: 'one' })).toMatchObject({ entry: { id: 1 } })
  expect(await guestbook.import(letters('two', 'three'))).toMatchObject({ count: 2 })
  const signed = await Array.fromAsync(guestbook.signEach(letters('four')), ({ entry }) => entry?.id)
  expect(signed).toEqual([4])
  const watched = await Array.fromAsync(guestbook.watch({ limit: 4 }), ({ entry }) => entry?.text)
  expect(watched).toEqual(['one', 'two', 'three', 'four'])
})

test('JSON by an ordinary HTTP request', async () => {
  const response = await fetch(`${await startServer()}/my_service.v1.GuestbookService/Sign`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ author: 'Ada', text: 'Hello' }),
  })
  expect(await response.json()).toMatchObject({ entry: { id: 1, author: 'Ada' } })
})
