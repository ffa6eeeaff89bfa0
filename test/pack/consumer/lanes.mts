/** A server and its clients in one program. Prints which protocols answered on each lane that its arguments name. */
import type { AddressInfo } from 'node:net'
import type { ConnectRouter } from '@connectrpc/connect'
import { createClient, createTransport } from 'portico/client'
import { createApp } from 'portico/server'
import { GreeterService } from './gen/greeter/v1/greeter_pb.js'

const routes = (router: ConnectRouter) =>
  router.service(GreeterService, {
    sayHello: ({ name }) => ({ message: `Hello ${name}` }),
    async *getStream({ topic }) {
      yield { topic }
    },
  })

async function serveAndCall(lane: 'native' | 'reference'): Promise<void> {
  const { fastify, drain } = await createApp({ routes, lane })
  await fastify.listen({ host: '127.0.0.1', port: 0 })
  const { port } = fastify.server.address() as AddressInfo
  const answered: string[] = []
  for (const protocol of ['grpc', 'grpc-web', 'connect'] as const) {
    const transport = createTransport({ baseUrl: `http://127.0.0.1:${port}`, protocol })
    const client = createClient(GreeterService, transport)
    const { message } = await client.sayHello({ name: 'bundle' })
    for await (const { topic } of client.getStream({ topic: 'bundle' })) {
      if (message === `Hello ${topic}`) answered.push(protocol)
    }
    await transport.close()
  }
  await drain()
  process.stdout.write(`${lane}: ${answered.join(', ')}\n`)
}

void process.argv
  .slice(2)
  .reduce<Promise<void>>(
    (before, lane) => before.then(() => serveAndCall(lane === 'reference' ? lane : 'native')),
    Promise.resolve(),
  )
