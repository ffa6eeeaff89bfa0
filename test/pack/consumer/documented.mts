/** A server with its OpenAPI document and the page that shows it. It prints its port, and serves until it is killed. */
import type { AddressInfo } from 'node:net'
import { createApp } from 'portico/server'
import { createOpenApiDocument } from 'portico/server/openapi'
import { GreeterService } from './gen/greeter/v1/greeter_pb.js'

const app = await createApp({
  openapi: { info: { title: 'Greeter', version: '1.0.0' }, docs: true },
  routes: (router) => router.service(GreeterService, { sayHello: ({ name }) => ({ message: `Hello ${name}` }) }),
})
await app.fastify.listen({ host: '127.0.0.1', port: 0 })
const { port } = app.fastify.server.address() as AddressInfo
const { paths } = createOpenApiDocument({ info: { title: 'Greeter', version: '1.0.0' }, methods: app.methods })
process.stdout.write(`port ${port}, ${Object.keys(paths).length} paths\n`)
