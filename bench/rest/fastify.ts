/** The same routes in plain Fastify, with schemas of requests and responses. */
import type { AddressInfo } from 'node:net'
import { fastify } from 'fastify'
import { announce } from '../servers/announce.ts'

const text = { type: 'string' } as const
const list = (items: object) => ({ type: 'array', items })
const object = (properties: Readonly<Record<string, object>>) => ({ type: 'object', properties })

const author = object({ givenName: text, familyName: text })
const book = object({
  name: text,
  title: text,
  authors: list(author),
  genre: { type: 'string', enum: ['GENRE_UNSPECIFIED', 'GENRE_FICTION', 'GENRE_HISTORY', 'GENRE_SCIENCE'] },
  pages: { type: 'integer', minimum: -(2 ** 31), maximum: 2 ** 31 - 1 },
  copiesSold: { type: 'string', pattern: '^-?[0-9]+$' },
  published: { type: 'string', format: 'date-time' },
  labels: { type: 'object', additionalProperties: text },
  tags: list(text),
  summary: text,
  edition: object({ number: { type: 'integer' }, publisher: text, editor: author }),
})

const app = fastify()
app.get<{ Params: { name: string } }>(
  '/v1/hello/:name',
  { schema: { params: object({ name: text }), response: { 200: object({ message: text }) } } },
  async ({ params }) => ({ message: `Hello ${params.name}` }),
)
app.post<{ Params: { shelf: string }; Body: { name?: string } }>(
  '/v1/shelves/:shelf/books',
  { schema: { params: object({ shelf: text }), body: book, response: { 200: book } } },
  async ({ params, body }) => {
    body.name = `shelves/${params.shelf}/books/new`
    return body
  },
)
await app.listen({ host: '127.0.0.1', port: 0 })
announce(app.server.address() as AddressInfo)
