/** `get TOPIC`: one request, many responses. */
import { GetStreamResponseSchema, GreeterService } from '../../../../gen/greeter/v1/greeter_pb.js'
import { createClient } from '../../../core/create-client.ts'
import type { GreeterCall } from './greeter-call.ts'

/** What to read of a topic. */
export interface GetOptions {
  readonly topic: string
  /** The last sequence already seen; 0 for all that is kept, undefined for what comes from now on. */
  readonly afterSequence: bigint | undefined
  /** The epoch in which that sequence counts; empty: not known. */
  readonly epoch: string
  /** End after so many messages; 0 for no end. */
  readonly limit: number
}

/** Reads a topic, and prints each message as it comes. */
export async function get(
  { transport, options: callOptions, print, note }: GreeterCall,
  options: GetOptions,
): Promise<void> {
  const { topic, afterSequence, epoch, limit } = options
  const greeter = createClient(GreeterService, transport)
  const request = afterSequence === undefined ? { topic, limit, epoch } : { topic, limit, epoch, afterSequence }
  for await (const message of greeter.getStream(request, callOptions)) {
    if (message.reset) await note(`the topic has another epoch, ${message.epoch}: these are all messages that it keeps`)
    if (message.missed > 0n) await note(`${message.missed} missed before ${message.sequence}`)
    await print(GetStreamResponseSchema, message, message.data)
  }
}
