/** A backend of the tour. It greets in its own name, and its database can be broken. */
import { Code, ConnectError } from '@connectrpc/connect'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import { serve } from '../../server/public.ts'

let isDatabaseUp = true
let failures = 0

await serve({
  name: 'backend',
  options: { id: { kind: 'string', default: 'backend', help: 'the name in which it greets' } },
  defaults: { 'max-connection-age': '1s' },
  routes(router, { options, log }) {
    router.service(GreeterService, {
      async sayHello({ name }, { requestHeader, responseHeader, responseTrailer, timeoutMs }) {
        const tenant = requestHeader.get('x-md-global-tenant')
        log.info({ tenant, local: requestHeader.get('x-md-local-hop'), leftMs: timeoutMs() }, 'greeting')
        // Before any header is set: clients retry only calls of which no response has begun.
        if (name === 'flaky' && failures++ % 2 === 0) throw new ConnectError('try again', Code.Unavailable)
        responseHeader.set('x-backend', options.id)
        responseTrailer.set('x-backend-greetings-bin', 'AAEC')
        return { message: `Hello ${name}` }
      },
      async *allStream(messages) {
        for await (const { topic } of messages) yield { topic, data: options.id }
      },
    })
  },
  setup(fastify, { health }) {
    health.addCheck('database', { check: () => isDatabaseUp, intervalMs: 100 })
    fastify.post('/database/:state', async ({ params }) => {
      isDatabaseUp = (params as { state: string }).state === 'up'
      return {}
    })
  },
})
