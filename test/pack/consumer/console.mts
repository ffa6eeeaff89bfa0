/** A server with the console. It prints its port, and serves until it is killed. */
import type { AddressInfo } from 'node:net'
import { type ConsoleOptions, createApp } from 'portico/server'
import { GreeterService } from './gen/greeter/v1/greeter_pb.js'

const options: ConsoleOptions = { title: 'Packed' }
const app = await createApp({
  console: options,
  routes: (router) => router.service(GreeterService, { sayHello: ({ name }) => ({ message: `Hello ${name}` }) }),
})
await app.fastify.listen({ host: '127.0.0.1', port: 0 })
const { port } = app.fastify.server.address() as AddressInfo
process.stdout.write(`port ${port}\n`)
