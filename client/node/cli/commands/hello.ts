/** `hello NAME`: one request, one response. */
import { GreeterService, SayHelloResponseSchema } from '../../../../gen/greeter/v1/greeter_pb.js'
import { createClient } from '../../../core/create-client.ts'
import type { GreeterCall } from './greeter-call.ts'

/** Greets, and prints the greeting. */
export async function hello({ transport, options, print }: GreeterCall, name: string): Promise<void> {
  const greeter = createClient(GreeterService, transport)
  const response = await greeter.sayHello({ name }, options)
  await print(SayHelloResponseSchema, response, response.message)
}
