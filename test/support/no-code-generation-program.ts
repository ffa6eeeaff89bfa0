/** Serves and calls itself, in a process that may not generate code. Prints what came back, and how the codecs work. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createClient } from '../../client/node/public.ts'
import { createTransport } from '../../client/node/transport.ts'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import { nodeHandler } from '../../server/public.ts'
import { codecCounts } from '../../wire/codec/codec-counts.ts'

const handler = nodeHandler({
  routes: (router) => router.service(GreeterService, { sayHello: ({ name }) => ({ message: `Hello ${name}` }) }),
})
const server = createServer(handler).listen(0, '127.0.0.1')
await once(server, 'listening')
const { port } = server.address() as AddressInfo

const greetings: string[] = []
for (const protocol of ['connect', 'grpc-web'] as const) {
  for (const useBinaryFormat of [true, false]) {
    const options = { protocol, httpVersion: '1.1', useBinaryFormat } as const
    const transport = createTransport({ baseUrl: `http://127.0.0.1:${port}`, ...options })
    const { message } = await createClient(GreeterService, transport).sayHello({
      name: `${protocol} ${useBinaryFormat}`,
    })
    greetings.push(message)
    await transport.close()
  }
}
server.close()
process.stdout.write(JSON.stringify({ greetings, counts: codecCounts() }))
