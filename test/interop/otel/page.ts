/** A call of a page, with the trace of its user's click. Bundled into a page, where it is run by name. */
import { createClient } from '@connectrpc/connect'
import { createWebTransport, type WebProtocol } from '../../../client/web/public.ts'
import { GreeterService } from '../../../gen/greeter/v1/greeter_pb.js'

/** Returns the greeting. */
export async function greet(protocol: WebProtocol, traceparent: string): Promise<string> {
  const greeter = createClient(GreeterService, createWebTransport({ protocol }))
  return (await greeter.sayHello({ name: 'Ada' }, { headers: { traceparent } })).message
}
