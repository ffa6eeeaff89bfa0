/** What a greeter command works with. */
import type { DescMessage, MessageShape } from '@bufbuild/protobuf'
import type { Transport } from '@connectrpc/connect'

/** Made for one command, and closed by whoever made it. */
export interface GreeterCall {
  /** Calls the server. */
  readonly transport: Transport
  /** Aborts when the person interrupts. */
  readonly signal: AbortSignal
  /** The lines of standard input, as they come. May be read once. */
  readonly lines: AsyncIterable<string>
  /** Prints a result: the text, or with `--json` the message. */
  print<Schema extends DescMessage>(schema: Schema, message: MessageShape<Schema>, text: string): Promise<void>
  /** Tells the person something that is not a result. */
  note(text: string): Promise<void>
}
