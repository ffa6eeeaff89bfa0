/** Interceptors that control calls, on transports with retries. */
import { Code } from '@connectrpc/connect'
import { expect, test } from 'vitest'
import { maxCallsInFlight } from '../../client/core/interceptors/max-calls-in-flight.ts'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import { startRoutes } from '../support/demo-server.ts'
import { openGreeter } from '../support/open-greeter.ts'

/** A second attempt would start after ten minutes. */
const PATIENT_RETRIES = {
  methodConfig: [
    {
      name: [{}],
      retryPolicy: {
        maxAttempts: 2,
        initialBackoff: '600s',
        maxBackoff: '600s',
        backoffMultiplier: 1,
        retryableStatusCodes: ['UNAVAILABLE'],
      },
    },
  ],
}

test('GV-5 a call above the limit is not a failed attempt and is not retried', async () => {
  const reached = Promise.withResolvers<void>()
  const release = Promise.withResolvers<void>()
  const { origin } = await startRoutes({
    routes: (router) =>
      router.service(GreeterService, {
        async sayHello() {
          reached.resolve()
          await release.promise
          return {}
        },
      }),
  })
  const interceptors = [maxCallsInFlight({ maxCalls: 1 })]
  const { client } = openGreeter({ baseUrl: origin, serviceConfig: PATIENT_RETRIES, interceptors })
  const first = client.sayHello({})
  await reached.promise
  await expect(client.sayHello({})).rejects.toMatchObject({ code: Code.Unavailable })
  release.resolve()
  await first
})
