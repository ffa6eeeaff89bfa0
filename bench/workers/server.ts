/** A server that `serve` runs: `node server.ts --workers N`. */
import type { AddressInfo } from 'node:net'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import { serve } from '../../server/serve.ts'
import { announce } from '../servers/announce.ts'

await serve({
  defaults: { port: 0 },
  logger: false,
  routes: (router) => router.service(GreeterService, { sayHello: ({ name }) => ({ message: `Hello ${name}` }) }),
  setup(fastify, { worker }) {
    // The last worker of two serves when the first one does, or a moment later; the warm-up covers that.
    if (worker === undefined || worker.id === 1) {
      fastify.addHook('onListen', async () => announce(fastify.server.address() as AddressInfo))
    }
  },
})
