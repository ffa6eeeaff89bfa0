/** A server with telemetry. Given the address of another, its handler calls that one over each protocol. */
import { createClient } from '@connectrpc/connect'
import { createTransport, type Protocol } from '../../../client/node/public.ts'
import { GreeterService } from '../../../gen/greeter/v1/greeter_pb.js'
import { serve } from '../../../server/public.ts'
import { telemetry } from '../../../server/telemetry/public.ts'

const PROTOCOLS: readonly Protocol[] = ['grpc', 'grpc-web', 'connect']

const behind = process.env.BEHIND
const otel = telemetry()
const greeters =
  behind === undefined
    ? []
    : PROTOCOLS.map((protocol) =>
        createClient(GreeterService, createTransport({ baseUrl: behind, protocol, observers: [otel.observer] })),
      )

await serve({
  middleware: [otel],
  routes: (router) =>
    router.service(GreeterService, {
      async sayHello({ name }) {
        for (const greeter of greeters) await greeter.sayHello({ name })
        return { message: `Hello ${name}` }
      },
    }),
})
