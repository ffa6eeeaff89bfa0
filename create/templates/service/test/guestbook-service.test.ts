/** The service without sockets: Connect's router transport calls it in this process. */
import { Code, ConnectError, createClient, createRouterTransport } from '@connectrpc/connect'
import { expect, test } from 'vitest'
import { GuestbookService } from '../gen/my_service/v1/guestbook_pb.js'
import { routes } from '../src/routes.ts'

function createGuestbookClient() {
  return createClient(GuestbookService, createRouterTransport(routes))
}

test('signing returns the entry with its id', async () => {
  const guestbook = createGuestbookClient()
  await guestbook.sign({ author: 'Ada', text: 'first' })
  const { entry } = await guestbook.sign({ author: 'Grace', text: 'second' })
  expect(entry).toMatchObject({ id: 2, author: 'Grace', text: 'second' })
})

test.each([
  { author: '', text: 'Hello' },
  { author: 'Ada', text: '' },
  { author: 'a'.repeat(81), text: 'Hello' },
])('signing refuses $author / $text', async (request) => {
  const error = await createGuestbookClient().sign(request).catch(ConnectError.from)
  expect(error).toMatchObject({ code: Code.InvalidArgument })
})

test('a watch sends the entries after an id, and then new ones', async () => {
  const guestbook = createGuestbookClient()
  for (const text of ['one', 'two']) await guestbook.sign({ author: 'Ada', text })
  const texts: (string | undefined)[] = []
  for await (const { entry } of guestbook.watch({ afterId: 1, limit: 2 })) {
    texts.push(entry?.text)
    if (texts.length === 1) await guestbook.sign({ author: 'Ada', text: 'three' })
  }
  expect(texts).toEqual(['two', 'three'])
})
