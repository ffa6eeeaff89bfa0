/** The calls that the demo's commands make: one for each call mode. */
import type { DescMessage, MessageShape } from '@bufbuild/protobuf'
import type { CallOptions, Transport } from '@connectrpc/connect'
import {
  AllStreamResponseSchema,
  GetStreamResponseSchema,
  GreeterService,
  PutStreamResponseSchema,
  SayHelloResponseSchema,
} from '../../../../gen/greeter/v1/greeter_pb.js'
import { createClient } from '../../../core/create-client.ts'

/** What the calls of one command need. */
export interface GreeterCall {
  /** Calls the server. */
  readonly transport: Transport
  /** End the call when the command has to end. */
  readonly options: CallOptions
  /** The lines of standard input, as they arrive. May be read once. */
  readonly lines: AsyncIterable<string>
  /** Prints a result: the text, or with `--json` the message. */
  print<Schema extends DescMessage>(schema: Schema, message: MessageShape<Schema>, text: string): Promise<void>
  /** Prints something that is not a result. */
  note(text: string): Promise<void>
}

/** Calls SayHello and prints the greeting. */
export async function hello({ transport, options, print }: GreeterCall, name: string): Promise<void> {
  const greeter = createClient(GreeterService, transport)
  const response = await greeter.sayHello({ name }, options)
  await print(SayHelloResponseSchema, response, response.message)
}

/** Which messages of a topic to read. */
export interface GetOptions {
  readonly topic: string
  /** The sequence number to resume after; 0 for everything the server keeps, undefined for new messages only. */
  readonly afterSequence: bigint | undefined
  /** The epoch of that sequence number; empty if unknown. */
  readonly epoch: string
  /** The number of messages after which to end; 0 for no limit. */
  readonly limit: number
}

/** Subscribes to a topic and prints each message as it arrives. */
export async function get(
  { transport, options: callOptions, print, note }: GreeterCall,
  options: GetOptions,
): Promise<void> {
  const { topic, afterSequence, epoch, limit } = options
  const greeter = createClient(GreeterService, transport)
  const request = afterSequence === undefined ? { topic, limit, epoch } : { topic, limit, epoch, afterSequence }
  for await (const message of greeter.getStream(request, callOptions)) {
    if (message.reset)
      await note(`the topic restarted with epoch ${message.epoch}; replaying all messages that it keeps`)
    if (message.missed > 0n) await note(`${message.missed} missed before ${message.sequence}`)
    await print(GetStreamResponseSchema, message, message.data)
  }
}

/** Publishes each line of standard input as it arrives, and prints a summary. */
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

/** Joins a topic, publishes each line of standard input, and prints all messages of the topic. */
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
