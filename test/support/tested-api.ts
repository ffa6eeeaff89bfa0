/** An API with bindings and fields of every kind, for programs that know it by its OpenAPI document only. */
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import type { DescMethod } from '@bufbuild/protobuf'
import { Code, ConnectError, type ConnectRouter, type ServiceImpl } from '@connectrpc/connect'
import { type App, type AppOptions, createApp } from '../../server/app.ts'
import { createDemo } from '../../server/demo.ts'
import type { OpenApiRouteOptions } from '../../server/openapi/serve/route-options.ts'
import { validate } from '../../server/validation/validate.ts'
import { KindService } from '../gen/kinds/v1/kinds_pb.js'
import { LibraryService } from '../gen/library/v1/library_pb.js'
import { OrderService } from '../gen/orders/v1/orders_pb.js'
import { library } from './library.ts'

/** A running server. */
export interface TestedApi extends AsyncDisposable {
  readonly origin: string
}

const INFO = { title: 'Test', version: '1.0.0', license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } }

const IMAGE = path.resolve(import.meta.dirname, '../../gen/descriptors.binpb')

/** Of a stream, whatever a random request asks for. */
const MOST_EVENTS = 5

/** What the library of the tests leaves out. */
const rest: Partial<ServiceImpl<typeof LibraryService>> = {
  listBooks: ({ genres }) => ({ books: genres.map((genre) => ({ title: 'Emma', genre })) }),
  updateBook: ({ book }) => book ?? {},
  deleteBook: () => ({}),
  moveBook: ({ name }) => ({ name, title: 'Emma' }),
  searchBooks: ({ query }) => ({ books: [{ title: query || 'Emma' }] }),
  getChapter: ({ book, number }) => ({ book, number }),
  replaceChapters: (request) => request,
  getFileHistory: ({ path, revision }) => ({ path, revision }),
  ping: ({ text }) => ({ text }),
  async *watchShelf({ count, failAfter }) {
    for (let sequence = 1; sequence <= Math.min(count, MOST_EVENTS); sequence++) {
      if (sequence === failAfter) throw new ConnectError('watch failed', Code.Aborted)
      yield { sequence: BigInt(sequence), event: { case: 'removed', value: `book ${sequence}` } }
    }
  },
}

function routes(router: ConnectRouter): void {
  router.service(LibraryService, { ...library, ...rest })
  router.service(KindService, { get: (request) => request, post: (request) => request })
  router.service(OrderService, { place: ({ item }) => ({ id: item }), ping: () => ({}) })
}

/** Starts an API of test services on a free port. */
export async function startTestedApi(
  openapi: OpenApiRouteOptions = {},
  options: Pick<AppOptions, 'rest' | 'jsonOptions'> = {},
): Promise<TestedApi> {
  return listen(await createApp({ routes, openapi: { info: INFO, ...openapi }, middleware: [validate()], ...options }))
}

/** The services of the older greeter have no comments. */
function describes({ parent }: DescMethod): boolean {
  return parent.typeName === 'greeter.v1.GreeterService'
}

/** Starts the demo on a free port. */
export async function startDemo(): Promise<TestedApi> {
  return listen(await createDemo({ openapi: { info: INFO, image: IMAGE, describes } }))
}

async function listen(app: App): Promise<TestedApi> {
  await app.fastify.listen({ host: '127.0.0.1', port: 0 })
  const { port } = app.fastify.server.address() as AddressInfo
  return {
    origin: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      await app.drain()
    },
  }
}
