/** What a greeter command works with. */
import type { DescMessage, MessageShape } from '@bufbuild/protobuf'
import type { CallOptions, Transport } from '@connectrpc/connect'

/** Made for one command. */
export interface GreeterCall {
  /** Calls the server. */
  readonly transport: Transport
  /** End the call when the command has to end. */
  readonly options: CallOptions
  /** The lines of standard input, as they come. May be read once. */
  readonly lines: AsyncIterable<string>
  /** Prints a result: the text, or with `--json` the message. */
  print<Schema extends DescMessage>(schema: Schema, message: MessageShape<Schema>, text: string): Promise<void>
  /** Prints something that is not a result. */
  note(text: string): Promise<void>
}
