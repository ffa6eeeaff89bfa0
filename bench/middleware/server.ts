/** A server with one function: `node server.ts NAME`. */
import type { AddressInfo } from 'node:net'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import { createApp } from '../../server/app.ts'
import { OrderService } from '../../test/gen/orders/v1/orders_pb.js'
import { announce } from '../servers/announce.ts'
import { MEASURED, type MeasuredName } from './middleware.ts'

const [name = ''] = process.argv.slice(2)
if (!Object.hasOwn(MEASURED, name)) throw new Error(`"${name}" must be one of ${Object.keys(MEASURED).join(', ')}`)

const { fastify } = await createApp({
  middleware: [...MEASURED[name as MeasuredName].create()],
  logger: false,
  routes(router) {
    router.service(GreeterService, { sayHello: ({ name }) => ({ message: `Hello ${name}` }) })
    router.service(OrderService, { place: ({ item }) => ({ id: item }) })
  },
})
await fastify.listen({ host: '127.0.0.1', port: 0 })
announce(fastify.server.address() as AddressInfo)
