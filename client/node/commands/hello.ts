/** `hello NAME`: one request, one response. */
import { createClient } from '@connectrpc/connect'
import { GreeterService, SayHelloResponseSchema } from '../../../gen/greeter/v1/greeter_pb.js'
import type { GreeterCall } from './greeter-call.ts'

/** Greets, and prints the greeting. */
export async function hello({ transport, signal, print }: GreeterCall, name: string): Promise<void> {
  const greeter = createClient(GreeterService, transport)
  const response = await greeter.sayHello({ name }, { signal })
  await print(SayHelloResponseSchema, response, response.message)
}
