/** `all TOPIC`: requests and responses at the same time. */
import { AllStreamResponseSchema, GreeterService } from '../../../../gen/greeter/v1/greeter_pb.js'
import { createClient } from '../../../core/create-client.ts'
import type { GreeterCall } from './greeter-call.ts'

/** Joins a topic, publishes each line of standard input on it, and prints what anybody publishes there. */
export async function all({ transport, options, lines, print, note }: GreeterCall, topic: string): Promise<void> {
  async function* messages() {
    yield { topic, data: '' } // Empty data only joins.
    for await (const data of lines) yield { topic, data }
  }
  const greeter = createClient(GreeterService, transport)
  for await (const message of greeter.allStream(messages(), options)) {
    if (message.missed > 0n) await note(`${message.missed} missed before ${message.sequence}`)
    await print(AllStreamResponseSchema, message, message.data)
  }
}
