/** A bare Fastify route with the JSON of SayHello, for comparison with Connect over HTTP/1.1. */
import type { AddressInfo } from 'node:net'
import { fastify } from 'fastify'
import { announce } from './announce.ts'

const app = fastify()
app.post<{ Body: { name: string } }>(
  '/greeter.v1.GreeterService/SayHello',
  { schema: { response: { 200: { type: 'object', properties: { message: { type: 'string' } } } } } },
  async ({ body }) => ({ message: `Hello ${body.name}` }),
)
await app.listen({ host: '127.0.0.1', port: 0 })
announce(app.server.address() as AddressInfo)
