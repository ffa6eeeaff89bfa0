/** What sending many messages needs of a call. */
import type { DescMessage, Message } from '@bufbuild/protobuf'

/** Takes messages, and starts a call for the first one if none runs. */
export interface ManySender {
  /** The type of the messages. */
  readonly schema: DescMessage
  /** Returns the text of the message in the form. */
  draftText(): string
  /** Resolves when the transport has taken the message. */
  send(message: Message, text: string): Promise<void>
}
