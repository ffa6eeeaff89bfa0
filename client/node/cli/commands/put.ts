/** `put TOPIC`: many requests, one response. */
import { GreeterService, PutStreamResponseSchema } from '../../../../gen/greeter/v1/greeter_pb.js'
import { createClient } from '../../../core/create-client.ts'
import type { GreeterCall } from './greeter-call.ts'

/** Publishes each line of standard input as it comes, and prints a summary. */
export async function put({ transport, options, lines, print }: GreeterCall, topic: string): Promise<void> {
  async function* messages() {
    for await (const data of lines) yield { topic, data }
  }
  const greeter = createClient(GreeterService, transport)
  const summary = await greeter.putStream(messages(), options)
  const last = summary.lastSequence[topic]
  const text = `${summary.accepted} accepted${last === undefined ? '' : `, the last has sequence ${last}`}`
  await print(PutStreamResponseSchema, summary, text)
}
