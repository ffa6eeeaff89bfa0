/** A server and its clients in one program. Prints which protocols answered on each lane that its arguments name. */
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
  const baseUrl = await fastify.listen({ host: '127.0.0.1', port: 0 })
  const answered: string[] = []
  for (const protocol of ['grpc', 'grpc-web', 'connect'] as const) {
    const transport = createTransport({ baseUrl, protocol })
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

async function main(): Promise<void> {
  for (const lane of process.argv.slice(2)) await serveAndCall(lane === 'reference' ? lane : 'native')
}

// Bundles in CommonJS have no top-level await.
void main()
