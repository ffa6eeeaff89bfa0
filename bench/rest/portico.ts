/** Our server, which answers REST, Connect and gRPC on one port. */
import type { AddressInfo } from 'node:net'
import { create } from '@bufbuild/protobuf'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import { createApp } from '../../server/app.ts'
import { BookSchema, LibraryService } from '../../test/gen/library/v1/library_pb.js'
import { announce } from '../servers/announce.ts'

const REMOVED = 'x'.repeat(11)

const { fastify } = await createApp({
  logger: false,
  routes(router) {
    router.service(GreeterService, { sayHello: ({ name }) => ({ message: `Hello ${name}` }) })
    router.service(LibraryService, {
      createBook({ parent, book = create(BookSchema) }) {
        book.name = `${parent}/books/new`
        return book
      },
      async *watchShelf({ count }) {
        for (let sequence = 1; sequence <= count; sequence += 1) {
          yield { sequence: BigInt(sequence), event: { case: 'removed', value: REMOVED } }
        }
      },
    })
  },
})
await fastify.listen({ host: '127.0.0.1', port: 0 })
announce(fastify.server.address() as AddressInfo)
